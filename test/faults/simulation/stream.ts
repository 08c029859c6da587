import { type Outlets } from '../../../functions/events/publish-changes/publish-change.ts';
import { publishBatch } from '../../../functions/events/publish-changes/publish-batch.ts';
import { type RowChange, toRow } from '../../../functions/events/publish-changes/row-change.ts';
import type { BusEvent } from '../../../events/event.ts';
import { type WakeUp, workflowInputSchema, type WorkflowInput } from '../../../shared/contracts/workflow.ts';
import type { Item } from '../../../shared/store/table.ts';
import { upgraded } from '../../../shared/store/upgrade.ts';
import type { EngineOf } from './engine.ts';
import { type Invocation, invoke, type Simulation } from './invocation.ts';
import type { Change } from './tables.ts';

const SHARDS = 2;
const BATCH = 20;
const LIMIT_MS = 60_000;
const LONGEST_DELAY_MS = 5 * 60_000;

type Parts = {
  engineOf: EngineOf;
  wake: (wakeUp: WakeUp) => void;
  sweep: (request: WorkflowInput) => void;
};

const readRow = (item: Item | undefined) => item && toRow(upgraded(item));

/**
 * The stream of the core table and what reads it: records of one partition keep their order, others need not; a batch
 * whose function died comes again. Nothing of it is ever lost, but what cannot be published is parked.
 */
export const createStream = (simulation: Simulation, parts: Parts) => {
  const { time, random, weather } = simulation;
  const shards = Array.from({ length: SHARDS }, () => ({ records: new Array<Change>(), isBusy: false }));
  /** Partitions by when they were first seen: their names hold random ids. */
  const partitions = new Map<string, number>();
  const told: BusEvent[] = [];
  const parked: Change[] = [];

  const outletsOf = (self: Invocation) => outlets(simulation, parts, { self, told });
  const publish = (records: Change[]) =>
    invoke(simulation, { name: 'publish-changes', limitMs: LIMIT_MS }, async (self) => {
      const { outlet, flush, about } = outletsOf(self);
      const park = (record: Change) => self.call(() => parked.push(record));
      const read = (record: Change): RowChange => {
        about(record);
        return { before: readRow(record.before), after: readRow(record.after) };
      };
      const flushed = async (): Promise<void> => {
        for (const record of await flush()) await park(record);
      };
      await publishBatch(records, outlet, { read, park, flush: flushed });
    });
  const pump = async (shard: (typeof shards)[number]): Promise<void> => {
    shard.isBusy = true;
    while (shard.records.length > 0) {
      await time.sleep(
        weather.strikes('streamLate') ? random.between(1000, LONGEST_DELAY_MS) : random.between(20, 250),
      );
      const batch = shard.records.slice(0, BATCH);
      try {
        await publish(batch);
        if (!weather.strikes('streamTwice')) shard.records.splice(0, batch.length);
      } catch {
        await time.sleep(random.between(500, 10_000));
      }
    }
    shard.isBusy = false;
  };
  const shardOf = (partition: string) => {
    const place = partitions.get(partition) ?? partitions.size;
    partitions.set(partition, place);
    return shards[place % SHARDS];
  };
  return {
    told,
    parked,
    isEmpty: () => shards.every(({ records }) => records.length === 0),
    add: (changes: Change[]): void => {
      for (const change of changes) shardOf(change.id.split('\n')[0] ?? '')?.records.push(change);
      for (const shard of shards) if (!shard.isBusy && shard.records.length > 0) void pump(shard);
    },
  };
};

type Telling = { self: Invocation; told: BusEvent[] };

/** Times that what the bus refused is sent in one batch (functions/events/publish-changes/bus.ts), about. */
const BUS_TRIES = 3;

/** Where one invocation tells changes: all but sockets is gathered, and sent at the end of the batch. */
const outlets = (
  { weather }: Simulation,
  { engineOf, wake, sweep }: Parts,
  { self, told }: Telling,
): { outlet: Outlets; flush: () => Promise<Change[]>; about: (record: Change) => void } => {
  const pools = new Set<string>();
  const workspaces = new Set<string>();
  const sweeps = new Map<string, WorkflowInput>();
  const events: { event: BusEvent; record: Change | undefined }[] = [];
  let about: Change | undefined;
  const outlet: Outlets = {
    sockets: engineOf(self),
    files: { remove: () => Promise.reject(new Error('there are no files here')) },
    publish: {
      wake: (poolId) => {
        if (typeof poolId === 'string') pools.add(poolId);
      },
      wakeWorkspace: (workspaceId) => void workspaces.add(workspaceId),
      sweep: (request) => {
        const { workspaceId, runId } = workflowInputSchema.parse(request);
        sweeps.set(runId, { workspaceId, runId });
      },
      removal: () => Promise.reject(new Error('no workspace is removed here')),
      event: async (event) => {
        if (event !== undefined) events.push({ event, record: about });
      },
    },
  };
  const put = async (event: BusEvent): Promise<boolean> => {
    for (let tries = 0; tries < BUS_TRIES; tries += 1)
      if (await self.call(() => !weather.strikes('busFails') && told.push(event) > 0)) return true;
    return false;
  };
  /** Answers the records whose events the bus refused. */
  const flush = async (): Promise<Change[]> => {
    const refused: Change[] = [];
    for (const { event, record } of events)
      if (!(await put(event)) && record !== undefined) refused.push(record);
    for (const poolId of pools) await self.call(() => wake({ poolId }));
    for (const workspaceId of workspaces) await self.call(() => wake({ workspaceId, except: [...pools] }));
    for (const request of sweeps.values()) await self.call(() => sweep(request));
    return refused;
  };
  const note = (record: Change): void => {
    about = record;
  };
  return { outlet, flush, about: note };
};
