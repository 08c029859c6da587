import type { Publisher } from './publisher.ts';
import type { RowChange } from './row-change.ts';

type Wakers = Pick<Publisher, 'wake' | 'wakeWorkspace'>;

const WORKSPACE = 'WS#';

/**
 * Wakes the dispatchers of the pools that have something to do now: a run began to wait, a slot became free, or a limit
 * was changed.
 */
export const wakeDispatchers = ({ before, after }: RowChange, publish: Wakers): void => {
  const row = (after ?? before)?.row;
  if (row === 'queue' && before === undefined) publish.wake(after?.['poolId']);
  if (row === 'slot' && after === undefined) wakeForSlot(before, publish);
  const limits = [before?.['maxConcurrentRuns'], after?.['maxConcurrentRuns']];
  if (before === undefined || limits[0] === limits[1]) return;
  // A connector is a pool. One that is gone is looked at as well: what waits there waits in vain.
  if (row === 'connector') publish.wake(before['id']);
  if (row === 'workspace' && after !== undefined) publish.wakeWorkspace(String(after['id']));
};

/** Of its pool, and, of a workspace's own slot, of the other pools in which the workspace may wait for it. */
const wakeForSlot = (slot: RowChange['before'], publish: Wakers): void => {
  publish.wake(slot?.['poolId']);
  const partition = String(slot?.['pk']);
  if (partition.startsWith(WORKSPACE)) publish.wakeWorkspace(partition.slice(WORKSPACE.length));
};
