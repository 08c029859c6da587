import { tidyUp } from '../../functions/events/remove-leftovers/remove-leftovers.ts';
import type { Leftover } from '../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { type FoundLeftover, PlatformError } from '../../shared/platforms/platform.ts';
import { leftoverStore, recordLeftovers } from '../../shared/store/leftover-store.ts';
import { at, runningRun, ulid } from './builders.ts';
import { memoryEngine, putRun, readRun, scope } from './engine.ts';

export const DAY = 86_400;
export const bundle = { key: 'k', sha256: 'f' };

/** A customer's account in memory. Something that is stuck cannot be deleted; away, nobody answers. */
export const customersAccount = (kinds: string[] = []) => {
  const there = new Map(kinds.map((kind) => [`eu-west-1/${kind}`, kind]));
  const stuck = new Set<string>();
  const removed: string[] = [];
  const world = { isAway: false, hasClient: true, beforeAnswer: async () => {} };
  const put = (kind: string) => there.set(`eu-west-1/${kind}`, kind);
  const account = {
    findLeftovers: async (): Promise<FoundLeftover[]> => {
      if (world.isAway) throw new PlatformError('platform-unreachable', 'Nobody answers.');
      const found = [...there].map(([locator, kind]) => ({ kind, locator }));
      await world.beforeAnswer();
      return found;
    },
    removeLeftover: async ({ kind, locator }: FoundLeftover): Promise<void> => {
      if (stuck.has(kind)) throw new PlatformError('unclassified', `${kind} is in use`);
      there.delete(locator);
      removed.push(kind);
    },
  };
  const reach = async () => (world.hasClient ? account : undefined);
  return { there, stuck, removed, world, put, reach };
};

/** Leftovers on record of these kinds. */
export const onRecord = (kinds: string[], state: Leftover['state'] = 'kept'): Leftover[] =>
  kinds.map((kind, n) => ({
    id: `lft_${ulid(n)}`,
    kind,
    locator: `eu-west-1/${kind}`,
    createdAt: at(60),
    state,
  }));

/** A run that ended at second 60, its leftovers on record, and the function that tidies up after it. */
export const endedRun = async (fields: Partial<StoredRun>, recorded: Leftover[] = []) => {
  const { engine, core, traffic } = memoryEngine();
  const time = { second: 100 };
  const leftoverCount = recorded.filter(({ state }) => state !== 'deleted').length;
  const run = await putRun(core, runningRun({ endedAt: at(60), bundle, leftoverCount, ...fields }));
  if (recorded.length > 0) await core.write(recordLeftovers(scope, run.id, recorded));
  const read = () => readRun(core, run.id);
  const tidyAt = async (second: number, reach: Parameters<typeof tidyUp>[0]) => {
    time.second = second;
    await tidyUp(reach, { core, newId: engine.newId, now: () => at(time.second) }, scope, await read());
  };
  const ledger = () => leftoverStore(core, scope).list(run.id);
  const states = async () => (await ledger()).map(({ kind, state }) => `${kind} ${state}`);
  return { core, traffic, run, read, tidyAt, ledger, states };
};
