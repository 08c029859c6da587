/**
 * `npm run bench -- admission`: what a look at a queue costs in requests to DynamoDB and read units, before anybody is
 * admitted: the transactions come on top. Counted over the table in memory by AWS's rules.
 */
import { marshall } from '@aws-sdk/util-dynamodb';
import { readRun } from '../../functions/api/runs/read-runs.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { queueStore } from '../../shared/store/queue-store.ts';
import type { Item, Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../shared/store/workspace-store.ts';
import { freshScope } from '../contract/store/fixtures.ts';
import { base } from '../support/builders.ts';
import { cloud, dispatcherWorld } from '../support/dispatcher.ts';
import { table } from './support/figures.ts';
import { itemSchema, itemSize, readUnits } from './support/read-write-units.ts';

const sizeOf = (item: Item): number =>
  itemSize(itemSchema.parse(marshall(item, { removeUndefinedValues: true })));

/** A table that counts what is read of it. */
const counting = (core: Table) => {
  const read = { requests: 0, rows: 0, units: 0, largest: 0 };
  const count = (items: Item[], units: number): void => {
    read.requests += 1;
    read.rows += items.length;
    read.units += units;
  };
  const sum = (items: Item[]): number => items.reduce((bytes, item) => bytes + sizeOf(item), 0);
  const { get, getAll, query } = core;
  core.get = async (key) => {
    const item = await get(key);
    count(item ? [item] : [], readUnits(item ? sizeOf(item) : 0));
    return item;
  };
  core.getAll = async (keys, only) => {
    const items = await getAll(keys, only);
    // Of what is asked for by its key each is rounded up for itself, also what is not there.
    count(
      items,
      keys.length - items.length + items.reduce((units, item) => units + readUnits(sizeOf(item)), 0),
    );
    return items;
  };
  core.query = async (range) => {
    const items = await query(range);
    count(items, readUnits(sum(items)));
    if (range.prefix === 'QUEUE#') read.largest = Math.max(read.largest, ...items.map(sizeOf));
    return items;
  };
  return {
    read,
    reset: () => Object.assign(read, { requests: 0, rows: 0, units: 0 }),
  };
};

const measure = async (workspaces: number, each: number): Promise<string[][]> => {
  const world = dispatcherWorld({ pools: [{ id: 'cloud', maxConcurrentRuns: 1 }] });
  const { core, dispatching, queue, wake, end, read, executions } = world;
  const scopes = Array.from({ length: workspaces }, freshScope);
  const runs: StoredRun[] = [];
  for (const scope of scopes) {
    const workspace = { ...base(scope.workspaceId, 'Team'), maxConcurrentRuns: 1000 };
    await workspaceStore(core).create(workspace, { id: 'user-1' }, []);
    runs.push(...(await queue(scope, cloud('cloud'), each)));
  }
  await wake('cloud');
  const counter = counting(core);
  const rows: string[][] = [];
  const note = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    counter.reset();
    await work();
    const { requests, rows: found, units } = counter.read;
    rows.push([`${workspaces} × ${each}`, what, String(requests), String(found), String(units)]);
  };
  await note('a wake-up, the pool is full', () => wake('cloud'));
  const running = runs.find(({ id }) => id === executions[0]);
  if (running !== undefined) await end(await read(running));
  await note('a wake-up that admits one run', () => wake('cloud'));
  dispatching.pools = [{ id: 'cloud', maxConcurrentRuns: 51 }];
  await note('a wake-up that admits fifty', () => wake('cloud'));
  const last = runs.findLast(({ id }) => !executions.includes(id));
  const limits = {
    RUNNER_POOLS: [{ id: 'cloud', maxConcurrentRuns: 51, project: 'p' }],
    WORKSPACE_LIMIT: 20,
  };
  if (last !== undefined)
    await note('GET of a run that waits', () =>
      readRun(core, limits, { scope: scopeTo(last.workspaceId), params: { runId: last.id } }),
    );
  await note('(the whole queue)', () => queueStore(core, 'cloud').waiting());
  console.log(`largest row of the queue: ${counter.read.largest} bytes`);
  return rows;
};

const rows = [];
for (const [workspaces, each] of [
  [1, 1000],
  [10, 100],
  [100, 10],
  [1000, 1],
] as const)
  rows.push(...(await measure(workspaces, each)));
console.log(table(['workspaces × runs', 'what', 'requests', 'rows', 'read units'], rows));
