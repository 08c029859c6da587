/** Bytes of each deployed program, and how long a fresh process takes from its start to its first answer. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { FUNCTION_FILE, writeFiles } from '../../../infra/constructs/bundle.ts';
import { workspaceId } from '../../support/builders.ts';
import { httpEvent, type Sent } from '../../support/call-api.ts';
import { bareBundle, functionBundles } from './bundles.ts';
import { deployedFunctions } from './emulated-aws.ts';
import { median, table, verdict } from './figures.ts';
import { bareEnvironment, connectionId, runId, type StubCloud, startStubCloud } from './stub-cloud.ts';

/** Largest bundle, in bytes, and the most that a cold start may take of the bare handler's. */
const GOAL = { bytes: 1_000_000, ratio: 1.5 };
const CHILD = join(import.meta.dirname, 'cold-start.mjs');
/** Far more than any start takes, so that one that hangs is told. */
const PATIENCE_MS = 30_000;
const BARE = 'bare handler';

/** The first request of each function behind the gateway. */
const firstRequests: Record<string, Sent> = {
  [BARE]: { method: 'GET', path: '/read' },
  'api/public': { method: 'GET', path: '/v1/health' },
  'api/access': { method: 'GET', path: `/v1/workspaces/${workspaceId}` },
  'api/definitions': { method: 'GET', path: `/v1/workspaces/${workspaceId}/connections/${connectionId}` },
  'api/runs': { method: 'GET', path: `/v1/workspaces/${workspaceId}/runs/${runId}` },
  'agent-api': {
    method: 'POST',
    path: `/v1/agent/workspaces/${workspaceId}/runs/${runId}/heartbeat`,
    body: {},
  },
};

type Program = { name: string; file: string; environment: Record<string, string>; event?: string };
const timesSchema = z.object({
  loaded: z.number(),
  answered: z.number(),
  answer: z.object({ statusCode: z.int().optional() }),
});
type Times = z.infer<typeof timesSchema>;

const start = async ({ file, environment, event }: Program): Promise<Times> => {
  const given = event === undefined ? [] : [event];
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, file, ...given], {
    timeout: PATIENCE_MS,
    env: environment,
  });
  return timesSchema.parse(JSON.parse(stdout));
};

const programs = async (folder: string, cloud: StubCloud): Promise<Program[]> => {
  const deployed = await deployedFunctions();
  const bundles = [bareBundle(BARE), ...functionBundles()];
  return Promise.all(
    bundles.map(async ({ name, files }): Promise<Program> => {
      const own = join(folder, name.replaceAll(/\W/g, '-'));
      writeFiles(own, files);
      const file = join(own, FUNCTION_FILE);
      const environment = { ...bareEnvironment, ...deployed.get(name)?.environment, ...cloud.environment };
      const sent = firstRequests[name];
      if (sent === undefined) return { name, file, environment };
      const authorization = { authorization: `Bearer ${cloud.token}` };
      return {
        name,
        file,
        environment,
        event: JSON.stringify(httpEvent({ ...sent, headers: authorization })),
      };
    }),
  );
};

/** Each program as often, in turns, one process at a time. */
const startAll = async (all: Program[], rounds: number): Promise<Map<string, Times[]>> => {
  const times = new Map(all.map(({ name }) => [name, [] as Times[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const program of all) times.get(program.name)?.push(await start(program));
  }
  return times;
};

const printBundles = (): void => {
  const rows = functionBundles().map(({ name, files, bytes, gzipped }) => [
    name,
    (files.get(FUNCTION_FILE)?.length ?? 0).toLocaleString('en'),
    bytes.toLocaleString('en'),
    gzipped.toLocaleString('en'),
    name in firstRequests ? verdict(bytes <= GOAL.bytes) : '',
  ]);
  console.log(
    table(
      ['function', 'bytes, first file', 'all files', 'gzip', `API: ≤ ${GOAL.bytes.toLocaleString('en')}`],
      rows,
    ),
  );
};

const printStarts = (times: Map<string, Times[]>): void => {
  const ofBare = median((times.get(BARE) ?? []).map(({ answered }) => answered));
  const loadOfBare = median((times.get(BARE) ?? []).map(({ loaded }) => loaded));
  const rows = [...times].map(([name, all]) => {
    const loaded = median(all.map((one) => one.loaded));
    const load = [loaded.toFixed(0), (loaded / loadOfBare).toFixed(2)];
    if (!(name in firstRequests)) return [name, ...load, '', '', '', ''];
    const answered = median(all.map((one) => one.answered));
    const ratio = answered / ofBare;
    const judged = name === BARE ? '' : verdict(ratio <= GOAL.ratio);
    return [
      name,
      ...load,
      answered.toFixed(0),
      ratio.toFixed(2),
      judged,
      String(all[0]?.answer.statusCode ?? ''),
    ];
  });
  const goal = `≤ ${GOAL.ratio}`;
  console.log(
    table(['ms since the start', 'loaded', 'ratio', 'first answer', 'ratio', goal, 'status'], rows),
  );
};

/** Measures and prints; `rounds` fresh processes of each program. */
export const measureColdStarts = async (rounds: number): Promise<void> => {
  printBundles();
  const folder = await mkdtemp(join(tmpdir(), 'goldsmith-bench-'));
  const cloud = await startStubCloud();
  try {
    console.log('');
    printStarts(await startAll(await programs(folder, cloud), rounds));
  } finally {
    cloud.stop();
    await rm(folder, { recursive: true });
  }
};
