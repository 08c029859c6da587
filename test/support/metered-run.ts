import * as z from 'zod';
import { claim } from '../../functions/agent-api/claim.ts';
import { complete } from '../../functions/agent-api/complete.ts';
import { takeChunk, takeHeartbeat } from '../../functions/agent-api/log-and-heartbeat.ts';
import { createSocketTicket } from '../../functions/api/access/socket-tickets.ts';
import { createRun } from '../../functions/api/runs/create-run.ts';
import { subscribeToLog } from '../../functions/socket/message/subscribe-to-log.ts';
import { endRun } from '../../functions/workflow/finish/end-run.ts';
import { prepareRun } from '../../functions/workflow/prepare/prepare-run.ts';
import { beginBuild } from '../../functions/workflow/start-build/begin-build.ts';
import { verifyRun } from '../../functions/workflow/verify/verify-run.ts';
import { isWelcome } from '../../shared/actions/is-welcome.ts';
import { accessRoutes } from '../../shared/contracts/routes/access.ts';
import { runRoutes } from '../../shared/contracts/routes/runs.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { apiHandler } from '../../shared/runtime/api/api-handler.ts';
import { operation } from '../../shared/runtime/api/operation.ts';
import { newSecret } from '../../shared/runtime/ids.ts';
import { socketStore } from '../../shared/store/socket-store.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import {
  builderBody,
  definitionBody,
  groupBody,
  operatingSystemBody,
  roleBody,
  roleConnectionBody,
  shellBody,
} from './bodies.ts';
import { callApi } from './call-api.ts';
import { openDefinitionsApi } from './definitions-api.ts';
import { fakeAccount } from './fake-platform.ts';
import { memoryFiles } from './memory-files.ts';
import { type MeteredWorld, POOL } from './metered-world.ts';
import { plainLines, seededNumbers } from './plain-lines.ts';

/** What is run: how long, how much it says in how many bursts, who watches. */
export type RunShape = { minutes: number; lines: number; bursts: number; viewers: number; steps: number };

/** A silent runner says that it is alive so often, on AWS (infra/config/stages.ts). */
const HEARTBEAT_MS = 5000;
/** As long as one of Step Functions. */
const TASK_TOKEN = 'T'.repeat(700);

const idSchema = z.object({ id: z.string() });
const ticketSchema = z.object({ ticket: z.string() });
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };

/** A workspace with one definition of so many steps; `more` definitions share its parts. */
export const furnish = async ({ engine }: MeteredWorld, steps: number, more = 0) => {
  const api = await openDefinitionsApi(engine.core);
  const make = async (path: string, body: object): Promise<string> => (await api.create(path, body)).id;
  const connectionId = await make('/connections', roleConnectionBody());
  const operatingSystemId = await make('/operating-systems', operatingSystemBody());
  const builderConfigurationId = await make('/builder-configurations', builderBody(connectionId));
  const provisioners: string[] = [];
  for (let step = 1; step <= steps; step += 1)
    provisioners.push(
      await make('/provisioners', shellBody({ name: `Step number ${step}`, secretEnvironment: {} })),
    );
  const group = await make('/provisioner-groups', groupBody(provisioners));
  const provisionerRoleId = await make('/provisioner-roles', roleBody([group]));
  const parts = { operatingSystemId, builderConfigurationId, provisionerRoleId };
  const definitions: string[] = [];
  for (let one = 0; one <= more; one += 1)
    definitions.push(await make('/image-definitions', definitionBody(parts, { name: `Web-Base-${one}` })));
  return { workspaceId: api.workspaceId, definitions };
};

type Place = { workspaceId: string; definitionId: string };

/** The request; the run is queued then. Answers its id. */
export const requestRun = async (
  { bill, engine }: MeteredWorld,
  { workspaceId, definitionId }: Place,
): Promise<string> => {
  const handler = apiHandler(
    { create: operation(runRoutes.createRun, (call) => createRun({ ...engine, poolIds: [POOL.id] }, call)) },
    { table: engine.core, authenticate: async () => principal },
  );
  return bill.during('request', async () => {
    bill.add('httpRequests');
    const path = `/v1/workspaces/${workspaceId}/image-definitions/${definitionId}/runs`;
    const headers = { 'idempotency-key': newSecret() };
    const answer = await bill.invoke('api/runs', () => callApi(handler, { method: 'POST', path, headers }));
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
    return idSchema.parse(answer.body).id;
  });
};

/** The first two tasks of the workflow; answers the token that the runner claims with. */
export const startWorkflow = async ({ bill, engine }: MeteredWorld, run: StoredRun): Promise<string> => {
  const ids = { workspaceId: run.workspaceId, runId: run.id };
  const preparing = {
    ...engine,
    resources: memoryFiles().files,
    reach: { connect: engine.connect, open: async () => fakeAccount() },
    limitMs: 60_000,
    target: { generation: 'modern' as const },
  };
  let token = '';
  const starter = {
    ...engine,
    newSecret,
    startCloudBuild: async (_: StoredRun, given: string) => {
      bill.call('build');
      token = given;
      return { buildId: `goldsmith-prod-Build:${run.id.slice(4)}0000000000` };
    },
  };
  await bill.during('workflow', async () => {
    bill.add('transitions');
    await bill.invoke('workflow/prepare', () => prepareRun(preparing, scopeTo(run.workspaceId), run.id));
    // The choice, then Build.
    bill.add('transitions', 2);
    const wake = () => Promise.reject(new Error('there is something to build'));
    await bill.invoke('workflow/start-build', () =>
      beginBuild(starter, wake, { ...ids, taskToken: TASK_TOKEN }),
    );
  });
  return token;
};

const agent = async <T>({ bill }: MeteredWorld, part: string, work: () => Promise<T>): Promise<T> =>
  bill.during(part, () => {
    bill.add('httpRequests');
    return bill.invoke('agent-api', work);
  });

const callOf = ({ workspaceId, id }: StoredRun, token: string) => ({
  params: { workspaceId, runId: id },
  headers: { authorization: `Bearer ${token}` },
});

/** A runner that has claimed the run, and says what one says. */
export const claimRun = async (world: MeteredWorld, run: StoredRun, claimToken: string) => {
  const { bill, engine, settle } = world;
  const resources = memoryFiles().files;
  const rhythm = { heartbeatSeconds: HEARTBEAT_MS / 1000, chunkIntervalMilliseconds: 500 };
  const body = {
    runnerId: newSecret().slice(0, 32),
    runnerVersion: '0.1.0',
    packerVersion: '1.16.0',
    hostname: 'build',
  };
  const { leaseToken, nextSeq } = await agent(world, 'claim and completion', () =>
    claim({ ...engine, resources }, rhythm, { ...callOf(run, claimToken), body }),
  );
  // The runner fetches its job.
  await bill.during('claim and completion', async () => bill.add('objectGets'));
  const call = callOf(run, leaseToken);
  const beat = async (progress?: { packerStarts: true }, part = 'heartbeats'): Promise<void> => {
    await agent(world, part, () => takeHeartbeat(engine, { ...call, body: { progress } }));
    await settle();
  };
  await beat({ packerStarts: true }, 'claim and completion');
  let next = nextSeq;
  return {
    beat: () => beat(),
    say: async (count: number, steps: StepNews[]): Promise<void> => {
      const lines = plainLines(count, next).map((line) => ({ ...line, ts: engine.now() }));
      const progress = steps.length === 0 ? undefined : { steps };
      await agent(world, 'log', () => takeChunk(engine, { ...call, body: { lines, progress } }));
      next += count;
      await settle();
    },
    complete: async (): Promise<void> => {
      const artifact = {
        builderId: 'mitchellh.amazonebs',
        id: 'eu-west-1:ami-0abcdef0123456789',
        description: '',
      };
      const completion = {
        outcome: 'succeeded' as const,
        exitCode: 0,
        artifacts: [artifact],
        errors: [],
        temporaries: [{ kind: 'ec2-instance', id: 'i-0123456789abcdef0' }],
        lastSeq: next - 1,
      };
      const wake = async () => bill.call('workflow');
      await agent(world, 'claim and completion', () => complete(engine, wake, { ...call, body: completion }));
      await settle();
    },
  };
};
type Runner = Awaited<ReturnType<typeof claimRun>>;
type StepNews = { index: number; status: 'running' | 'succeeded'; at: string };

/** Verify and Finish. */
export const endWorkflow = async ({ bill, engine, settle }: MeteredWorld, run: StoredRun): Promise<void> => {
  const ids = { workspaceId: run.workspaceId, runId: run.id };
  await bill.during('workflow', async () => {
    bill.add('transitions', 2);
    await bill.invoke('workflow/verify', () => verifyRun(engine, ids));
    await bill.invoke('workflow/finish', () => endRun(engine, ids));
  });
  await settle();
};

/** Somebody who watches the workspace's runs and the log of one. */
const watch = async ({ bill, engine }: MeteredWorld, run: StoredRun, connectionId: string) => {
  const scope = scopeTo(run.workspaceId);
  const sockets = socketStore(engine.traffic);
  const handler = apiHandler(
    {
      create: operation(accessRoutes.createSocketTicket, (call) =>
        createSocketTicket(engine, 'wss://socket.test', call),
      ),
    },
    { table: engine.core, authenticate: async () => principal },
  );
  const path = `/v1/workspaces/${run.workspaceId}/socket-tickets`;
  const say = (subscribe: () => Promise<void>) =>
    bill.invoke('socket/message', async () => {
      bill.add('socketMessages');
      const owner = await sockets.ownerOf(connectionId);
      if (owner === undefined || !(await isWelcome(engine, owner)))
        throw new Error('a viewer is not welcome');
      await subscribe();
    });
  bill.add('httpRequests');
  const answer = await bill.invoke('api/access', () => callApi(handler, { method: 'POST', path, body: {} }));
  const { ticket } = ticketSchema.parse(answer.body);
  await bill.invoke('socket/connect', () => sockets.connect(ticket, connectionId));
  await say(async () => {
    await sockets.subscribeToRuns(scope, connectionId);
    await engine.send(connectionId, { type: 'subscribed', topic: 'runs' });
  });
  await say(() => subscribeToLog({ ...engine, scope, connectionId }, { runId: run.id, afterSeq: 0 }));
};

/** Bursts at moments that chance decides, as scripts print: the gaps are exponential, the same ones each time. */
const gapsOf = ({ bursts, minutes }: RunShape): number[] => {
  const next = seededNumbers(7);
  const drawn = Array.from({ length: bursts }, () => -Math.log((next(1_000_000) + 1) / 1_000_000));
  const total = drawn.reduce((sum, gap) => sum + gap, 0);
  return drawn.map((gap) => (gap / total) * minutes * 60_000);
};

/** The bursts in which steps begin and end, spread evenly. */
const newsAt = (burst: number, { bursts, steps }: RunShape, at: string): StepNews[] => {
  const beginOf = (step: number) => Math.floor(((step - 1) * bursts) / steps);
  const begun = Array.from({ length: steps }, (_, place) => place + 1).filter(
    (step) => beginOf(step) === burst,
  );
  return begun.flatMap((index): StepNews[] => [
    ...(index > 1 ? [{ index: index - 1, status: 'succeeded' as const, at }] : []),
    { index, status: 'running', at },
  ]);
};

const build = async ({ engine, pass }: MeteredWorld, runner: Runner, shape: RunShape): Promise<void> => {
  let said = 0;
  for (const [burst, gap] of gapsOf(shape).entries()) {
    let rest = gap;
    for (; rest > HEARTBEAT_MS; rest -= HEARTBEAT_MS) {
      pass(HEARTBEAT_MS);
      await runner.beat();
    }
    pass(rest);
    const upTo = Math.round(((burst + 1) * shape.lines) / shape.bursts);
    await runner.say(upTo - said, newsAt(burst, shape, engine.now()));
    said = upTo;
  }
};

/** One run from the request to its end; answers the run as it ended. */
export const runMetered = async (world: MeteredWorld, place: Place, shape: RunShape): Promise<void> => {
  const { bill, engine, settle, admitted } = world;
  await requestRun(world, place);
  await settle();
  const run = admitted.shift();
  if (run === undefined) throw new Error('nothing was admitted');
  const token = await startWorkflow(world, run);
  await settle();
  const viewers = Array.from({ length: shape.viewers }, (_, viewer) => `connection-${viewer}`);
  for (const viewer of viewers) await bill.during('viewers', () => watch(world, run, viewer));
  const runner = await claimRun(world, run, token);
  await settle();
  await build(world, runner, shape);
  await runner.complete();
  await endWorkflow(world, run);
  for (const viewer of viewers)
    await bill.during('viewers', async () => {
      bill.add('socketMinutes', shape.minutes);
      await bill.invoke('socket/disconnect', () => socketStore(engine.traffic).disconnect(viewer));
    });
};
