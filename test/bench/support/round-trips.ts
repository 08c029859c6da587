/** What calls ask of DynamoDB: commands, how many wait for one another, read and write units. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { connectionBody, definitionBody, roleConnectionBody } from '../../support/bodies.ts';
import { callApi, type Sent } from '../../support/call-api.ts';
import { localStack } from '../../support/e2e-client.ts';
import { deployedFunctions } from './emulated-aws.ts';
import { table, verdict } from './figures.ts';
import type { Prepared } from './latency.ts';
import { type Command, criticalPath, type Recorder, startRecorder } from './recorder.ts';

/** The most that a workspace holds of a kind, and one less, so that a create still finds room. */
const ALMOST_FULL = 999;
/** Creates at a time while the workspace is filled. */
const AT_ONCE = 4;

type Api = (
  method: string,
  path: string,
  body?: object,
) => Promise<{ status: number; headers: Record<string, string>; body: unknown }>;

const idOf = (answer: { body: unknown }): string => z.looseObject({ id: z.string() }).parse(answer.body).id;
const mark = () => randomBytes(5).toString('hex');

/** The deployed function's handler in this process, with its own environment; its commands go through the recorder. */
const openApi = async (recorder: Recorder, base: string): Promise<(token: string) => Api> => {
  const deployed = (await deployedFunctions()).get('api/definitions');
  Object.assign(process.env, deployed?.environment, {
    AWS_ENDPOINT_URL: recorder.url,
    AWS_REGION: localStack().region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const { handler } = await import('../../../functions/api/definitions/handler.ts');
  return (token) => async (method, path, body) => {
    const [at = '', query = ''] = path.split('?');
    const sent: Sent = {
      method,
      path: `${base}${at}`,
      query,
      headers: { authorization: `Bearer ${token}` },
      ...(body !== undefined && { body }),
    };
    const answer = await callApi(handler, sent);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  };
};

type Measured = { name: string; goal?: number; work: (api: Api) => Promise<unknown> };

const measurements = ({ definition, connectionId }: Prepared): Measured[] => {
  const oneDefinition = `/image-definitions/${definition.id}`;
  let made = { definition: '', connection: '', sealed: '' };
  const create = (path: string, body: () => object, keep: (id: string) => void) => async (api: Api) =>
    keep(idOf(await api('POST', path, body())));
  return [
    { name: 'read of a connection', goal: 1, work: (api) => api('GET', `/connections/${connectionId}`) },
    { name: 'read of a definition', goal: 1, work: (api) => api('GET', oneDefinition) },
    { name: 'list of 50 connections', work: (api) => api('GET', '/connections?limit=50') },
    { name: 'list of 50 definitions', work: (api) => api('GET', '/image-definitions?limit=50') },
    {
      name: 'the same by a tag of 5 %',
      work: (api) => api('GET', '/image-definitions?limit=50&tag=team:web'),
    },
    {
      name: 'create of a connection by role',
      goal: 2,
      work: create(
        '/connections',
        () => roleConnectionBody({ name: mark() }),
        (id) => (made = { ...made, connection: id }),
      ),
    },
    {
      name: 'create of a connection with a secret',
      goal: 2,
      work: create(
        '/connections',
        () => connectionBody({ name: mark() }),
        (id) => (made = { ...made, sealed: id }),
      ),
    },
    {
      name: 'create of a definition',
      goal: 2,
      work: create(
        '/image-definitions',
        () => definitionBody(definition.parts, { name: `Made-${mark()}` }),
        (id) => (made = { ...made, definition: id }),
      ),
    },
    {
      name: 'change of a connection',
      work: (api) => api('PATCH', `/connections/${made.connection}`, { description: mark() }),
    },
    {
      name: 'change of a definition',
      work: (api) => api('PATCH', `/image-definitions/${made.definition}`, { description: mark() }),
    },
    { name: 'delete of a connection', work: (api) => api('DELETE', `/connections/${made.connection}`) },
    { name: 'delete of a definition', work: (api) => api('DELETE', `/image-definitions/${made.definition}`) },
  ];
};

const counted = (commands: readonly Command[]): string => {
  const counts = new Map<string, number>();
  for (const { service, action } of commands) {
    const name = service === 'DynamoDB' ? action : `${service} ${action}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} ${name}`)).join(', ');
};

const total = (commands: readonly Command[], units: 'read' | 'write'): string =>
  String(commands.reduce((all, command) => all + command[units], 0));

const rowOf = ({ name, goal }: Measured, caller: string, commands: Command[]): string[] => {
  const toTable = commands.filter(({ service }) => service === 'DynamoDB');
  const path = criticalPath(toTable);
  const judged = goal === undefined ? '' : `≤ ${goal}: ${verdict(path <= goal)}`;
  const units = [total(toTable, 'read'), total(toTable, 'write')];
  return [name, caller, String(path), judged, String(toTable.length), ...units, counted(commands)];
};

/** Brings the kind to one below its limit. Every 20th has the tag that the list is filtered by. */
const fill = async (api: Api, { definition }: Prepared): Promise<void> => {
  const known = z.object({ items: z.array(z.unknown()), nextCursor: z.string().optional() });
  let count = 0;
  let query = '?limit=200';
  for (let more = true; more; ) {
    const page = known.parse((await api('GET', `/image-definitions${query}`)).body);
    count += page.items.length;
    query = `?limit=200&cursor=${page.nextCursor ?? ''}`;
    more = page.nextCursor !== undefined;
  }
  const worker = async () => {
    while (count < ALMOST_FULL) {
      count += 1;
      const tags = { team: count % 20 === 0 ? 'web' : 'other' };
      await api(
        'POST',
        '/image-definitions',
        definitionBody(definition.parts, { name: `Fill-${count}`, tags }),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

/** Counts for a person and for an API token, and prints. */
export const countRoundTrips = async (prepared: Prepared): Promise<void> => {
  const { workspace } = prepared;
  const recorder = await startRecorder(localStack().awsEndpoint);
  try {
    const openFor = await openApi(recorder, workspace.base);
    const person = openFor(localStack().token);
    const callers = { person, 'API token': openFor(await workspace.token('editor')) };
    await fill(person, prepared);
    const rows: string[][] = [];
    for (const [caller, api] of Object.entries(callers)) {
      // What comes once in a process or a minute: keys of tokens and cursors, the note of a token's use.
      await api('GET', '/image-definitions?limit=1');
      for (const measured of measurements(prepared)) {
        const commands = await recorder.recorded(() => measured.work(api));
        rows.push(rowOf(measured, caller, commands));
      }
    }
    const head = [
      'call',
      'caller',
      'round trips',
      'goal',
      'commands',
      'read units',
      'write units',
      'of which',
    ];
    console.log(table(head, rows));
  } finally {
    recorder.stop();
  }
};
