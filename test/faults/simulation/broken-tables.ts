import type { Table } from '../../../shared/store/table.ts';
import type { Write } from '../../../shared/store/write.ts';
import type { MemoryTable } from '../../support/memory-table.ts';

/** Tables that lack one guard: what a history looks like then, the invariants must notice. */
const changing =
  (change: (write: Write) => Write[]) =>
  (table: MemoryTable): Table => ({
    ...table,
    write: (writes) => table.write(writes.flatMap(change)),
  });

const isPutOf = (row: string, write: Write): write is Extract<Write, { put: unknown }> =>
  'put' in write && write.put.row === row;
const sortKey = (write: Write): string => {
  if ('put' in write) return write.put.sk;
  if ('update' in write) return write.update.sk;
  return 'delete' in write ? write.delete.sk : write.check.sk;
};
const without = (write: Write, attribute: string): Write => {
  if (!('update' in write)) return write;
  const { [attribute]: _, ...set } = write.set ?? {};
  return { ...write, set };
};
const unguarded = (write: Write): Write => ('check' in write ? write : { ...write, if: {} });
/** An update makes a row where there is none: not of what was deleted. */
const guardedByExistence = (write: Write): Write => ({ ...write, if: { exists: true } });

export const brokenTables = {
  /** A slot that is taken may be taken again. */
  slotsForAll: changing((write) => [isPutOf('slot', write) ? unguarded(write) : write]),
  /** A slot is never given back. */
  slotsForEver: changing((write) => ('delete' in write && sortKey(write).startsWith('SLOT#') ? [] : [write])),
  /** Who changes a run does not look whether somebody was faster. */
  runsWithoutRev: changing((write) => [
    'update' in write && sortKey(write).startsWith('RUN#') ? guardedByExistence(write) : write,
  ]),
  /** That Packer has started is not remembered. */
  noFence: changing((write) => [without(write, 'packerStartedAt')]),
  /** A counter moves wherever it stands. */
  numbersForAll: changing((write) => [sortKey(write).startsWith('COUNTER#') ? unguarded(write) : write]),
  /** A stopped run stays in the queue. */
  queueForEver: changing((write) => ('delete' in write && sortKey(write).includes('QUEUE#') ? [] : [write])),
} as const;

export const brokenLogs = {
  /** Whoever ends a run forgets to close its log. */
  neverClosed: changing((write) => [without(write, 'complete')]),
  /** The head moves on, and the lines are nowhere. */
  headWithoutLines: changing((write) =>
    isPutOf('log-chunk', write) && write.put['fromSeq'] !== 1 ? [] : [write],
  ),
} as const;
