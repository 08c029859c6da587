import type { Clock } from '../../../shared/store/clock.ts';
import type { Item, Table } from '../../../shared/store/table.ts';
import type { Write } from '../../../shared/store/write.ts';
import { type MemoryTable, memoryTable } from '../../support/memory-table.ts';
import type { Simulation } from './invocation.ts';

/** One row before and after a transaction. */
export type Change = { id: string; before: Item | undefined; after: Item | undefined };

/** Longest pause of the store between two tries of a write, in milliseconds (shared/store/retry.ts). */
const LONGEST_PAUSE = 200;

/** Time for the stores. They draw their pauses by themselves; which they get, the seed decides. */
const clockOf = ({ time, random }: Simulation): Clock => ({
  now: time.now,
  pause: () => time.sleep(random.between(1, LONGEST_PAUSE)),
});

const idOf = (write: Write): string => {
  const key = 'put' in write ? write.put : 'update' in write ? write.update : undefined;
  const { pk, sk } =
    key ?? ('delete' in write ? write.delete : 'check' in write ? write.check : { pk: '', sk: '' });
  return `${pk}\n${sk}`;
};

export type WatchedTable = { table: Table; memory: MemoryTable };

/** A table in memory that shows each transaction to `see`, in the order in which they were carried out. */
export const watchedTable = (
  simulation: Simulation,
  see: (changes: Change[]) => void,
  instead: (table: MemoryTable) => Table = (table) => table,
): WatchedTable => {
  const memory = memoryTable({ clock: clockOf(simulation), turn: () => Promise.resolve() });
  const table = instead(memory);
  return {
    memory,
    table: {
      ...table,
      write: async (writes) => {
        const before = new Map<string, Item | undefined>();
        memory.beforeWrite = (now) => {
          for (const write of now) before.set(idOf(write), memory.rows.get(idOf(write)));
        };
        await table.write(writes);
        const changes = [...before].map(([id, was]) => ({ id, before: was, after: memory.rows.get(id) }));
        see(changes.filter((change) => change.before !== change.after));
      },
    },
  };
};
