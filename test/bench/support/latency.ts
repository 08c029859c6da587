/** How long calls take through the local cloud: the gateway, a warm function, the table. */
import { randomBytes } from 'node:crypto';
import { call, makeDefinition, makeWorkspace } from '../../integration/client.ts';
import { keys } from '../../../shared/store/keys.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { definitionBody, roleConnectionBody } from '../../support/bodies.ts';
import { bareBundle } from './bundles.ts';
import { deployBare, deployedFunctions } from './emulated-aws.ts';
import { median, quantile, table } from './figures.ts';

/** Calls that warm the functions up and do not count. */
const WARM_UP = 5;
/** Entities of the kinds that are listed. */
const ENTITIES = 200;

export type Prepared = Awaited<ReturnType<typeof prepare>>;

const mark = () => randomBytes(5).toString('hex');

/** A workspace with as many connections and definitions as the list is measured with. */
export const prepare = async () => {
  const workspace = await makeWorkspace();
  const definition = await makeDefinition(workspace);
  const connectionId = definition.connectionId;
  for (let made = 1; made < ENTITIES; made += 1) {
    const tags = { team: made % 20 === 0 ? 'web' : 'other' };
    await workspace.create('/connections', roleConnectionBody({ name: `Account ${made}`, tags }));
    await workspace.create(
      '/image-definitions',
      definitionBody(definition.parts, { name: `Base-${made}`, tags }),
    );
  }
  const remove = async () => {
    const { status, text } = await call('DELETE', workspace.base);
    if (status >= 300) console.error(`the workspace of the measurement stays: ${text}`);
  };
  return { workspace, definition, connectionId, remove };
};

type Call = { name: string; beside: string; send: () => Promise<{ status: number }> };

const demand = async ({ name, send }: Call): Promise<number> => {
  const begin = performance.now();
  const { status } = await send();
  const took = performance.now() - begin;
  if (status >= 300) throw new Error(`${name} was answered with ${status}`);
  return took;
};

const NOTHING = 'bare: answers at once';
const READ = 'bare: reads the row';
const LIST = 'bare: reads the 50 rows';
const CREATE = 'bare: writes one row in a transaction';

const bareCalls = (url: string): Call[] => {
  const send = (path: string, init?: RequestInit) => async () => {
    const answer = await fetch(`${url}${path}`, init);
    await answer.arrayBuffer();
    return answer;
  };
  const post = { method: 'POST', body: JSON.stringify(roleConnectionBody()) };
  return [
    { name: NOTHING, beside: '', send: send('/nothing') },
    { name: READ, beside: NOTHING, send: send('/read') },
    { name: LIST, beside: NOTHING, send: send('/list') },
    { name: CREATE, beside: NOTHING, send: send('/create', post) },
  ];
};

const productCalls = ({ workspace, definition, connectionId }: Prepared): Call[] => {
  const { at } = workspace;
  const one = `/image-definitions/${definition.id}`;
  const change = () => ({ body: { description: mark() } });
  const connection = () => ({ body: roleConnectionBody({ name: mark() }) });
  const created = () => ({ body: definitionBody(definition.parts, { name: `Made-${mark()}` }) });
  return [
    { name: 'read of a connection', beside: READ, send: () => at('GET', `/connections/${connectionId}`) },
    { name: 'read of a definition', beside: READ, send: () => at('GET', one) },
    { name: 'list of 50 connections', beside: LIST, send: () => at('GET', '/connections?limit=50') },
    { name: 'list of 50 definitions', beside: LIST, send: () => at('GET', '/image-definitions?limit=50') },
    { name: 'create of a connection', beside: CREATE, send: () => at('POST', '/connections', connection()) },
    {
      name: 'create of a definition',
      beside: CREATE,
      send: () => at('POST', '/image-definitions', created()),
    },
    {
      name: 'change of a connection',
      beside: CREATE,
      send: () => at('PATCH', `/connections/${connectionId}`, change()),
    },
    { name: 'change of a definition', beside: CREATE, send: () => at('PATCH', one, change()) },
  ];
};

/** Each call as often, in turns, so that whatever else the machine does meets all of them alike. */
const measure = async (calls: Call[], requests: number): Promise<Map<string, number[]>> => {
  const times = new Map(calls.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UP; round < requests; round += 1) {
    for (const call of calls) {
      const took = await demand(call);
      if (round >= 0) times.get(call.name)?.push(took);
    }
  }
  return times;
};

const print = (calls: Call[], times: Map<string, number[]>): void => {
  const p50 = (name: string) => median(times.get(name) ?? []);
  const rows = calls.map(({ name, beside }) => [
    name,
    p50(name).toFixed(1),
    quantile(times.get(name) ?? [], 0.99).toFixed(1),
    beside === '' ? '' : (p50(name) / p50(beside)).toFixed(2),
    beside,
  ]);
  console.log(table(['milliseconds', 'p50', 'p99', 'ratio of p50', 'to'], rows));
};

const bareEnvironment = (table: string, { workspace, connectionId }: Prepared): Record<string, string> => {
  const scope = scopeTo(workspace.id);
  const { pk, sk } = keys.entity(scope, 'connection', connectionId);
  const { prefix } = keys.entities(scope, 'connection');
  return { CORE_TABLE: table, PK: pk, READ_SK: sk, LIST_PREFIX: prefix };
};

/** Measures and prints; leaves nothing of the bare handler behind. */
export const measureLatency = async (prepared: Prepared, requests: number): Promise<void> => {
  const { role, environment } = (await deployedFunctions()).get('api/definitions') ?? {};
  const table = environment?.['CORE_TABLE'];
  if (role === undefined || table === undefined) throw new Error('the definitions API is not deployed');
  const { files } = bareBundle('bare');
  const bare = await deployBare(files, { role, environment: bareEnvironment(table, prepared) });
  try {
    const calls = [...bareCalls(bare.url), ...productCalls(prepared)];
    print(calls, await measure(calls, requests));
  } finally {
    await bare.remove();
  }
};
