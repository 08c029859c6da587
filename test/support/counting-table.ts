import type { Key } from '../../shared/store/keys.ts';
import type { Item } from '../../shared/store/table.ts';
import type { Write, WriteOptions } from '../../shared/store/write.ts';
import type { MemoryTable } from './memory-table.ts';
import { bytesOfItem } from './table-limits.ts';

/**
 * What calls of a table cost in DynamoDB's units ("Read and write operations", developer guide): a read unit for each
 * 4 KB of what was looked at, all reads being strongly consistent; a write unit for each KB of the larger of what was
 * there and what is there, two in a transaction, also when it is refused.
 */
export type TableUse = {
  verb: 'get' | 'getAll' | 'query' | 'due' | 'write' | 'removeAll';
  read: number;
  write: number;
  /** Writes to the index `due`, which holds keys only: one to put or to take away, two to move. */
  index: number;
  isTransaction: boolean;
};

/** A row before and after one write, as the table's stream tells it. */
export type RowPair = { before: Item | undefined; after: Item | undefined };

type Watcher = {
  used: (use: TableUse) => void;
  /** The rows that one write has changed. */
  changed?: (pairs: RowPair[]) => void;
};

const READ_BYTES = 4096;
const WRITE_BYTES = 1024;

const idOf = ({ pk, sk }: { pk?: unknown; sk?: unknown }): string => `${String(pk)}\n${String(sk)}`;
const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0);
const size = (item: Item | undefined): number => (item === undefined ? 0 : bytesOfItem(item));
const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / READ_BYTES));
const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / WRITE_BYTES));

const keyOf = (write: Write): Key => {
  if ('put' in write) return write.put;
  if ('update' in write) return write.update;
  return 'delete' in write ? write.delete : write.check;
};

const indexKey = (item: Item | undefined): string | undefined =>
  item?.['due'] === undefined ? undefined : JSON.stringify([item['due'], item['dueAt']]);

const indexUnits = ({ before, after }: RowPair): number => {
  const [from, to] = [indexKey(before), indexKey(after)];
  return from === to ? 0 : Number(from !== undefined) + Number(to !== undefined);
};

/** The table with a watcher that is told what each call cost. */
export const countingTable = (table: MemoryTable, { used, changed = () => {} }: Watcher): MemoryTable => {
  const rowAt = (key: Key) => table.rows.get(idOf(key));
  const none = { read: 0, write: 0, index: 0, isTransaction: false };
  const noteWrite = (pairs: RowPair[], verb: 'write' | 'removeAll', isTransaction: boolean): void => {
    const each = pairs.map(({ before, after }) => writeUnits(Math.max(size(before), size(after))));
    const write = sum(each) * (isTransaction ? 2 : 1);
    used({ ...none, verb, write, index: sum(pairs.map(indexUnits)), isTransaction });
    const told = pairs.filter(({ before, after }) => before !== after);
    if (told.length > 0) changed(told);
  };
  const watchWrite = async (keys: Key[], work: () => Promise<void>): Promise<RowPair[]> => {
    const before = keys.map(rowAt);
    await work();
    return keys.map((key, place) => ({ before: before[place], after: rowAt(key) }));
  };
  return {
    ...table,
    get: async (key) => {
      used({ ...none, verb: 'get', read: readUnits(size(rowAt(key))) });
      return table.get(key);
    },
    getAll: async (keys, only) => {
      if (keys.length > 0)
        used({ ...none, verb: 'getAll', read: sum(keys.map((key) => readUnits(size(rowAt(key))))) });
      return table.getAll(keys, only);
    },
    query: async (range) => {
      const { only, ...whole } = range;
      const items = await table.query(whole);
      used({ ...none, verb: 'query', read: readUnits(sum(items.map(size))) });
      return only === undefined ? items : table.query(range);
    },
    due: async (partition, until, limit) => {
      const keys = await table.due(partition, until, limit);
      // An index is read with eventual consistency, which costs half.
      used({ ...none, verb: 'due', read: readUnits(sum(keys.map(bytesOfItem))) / 2 });
      return keys;
    },
    write: async (writes: Write[], options?: WriteOptions) => {
      const [only] = writes;
      const isTransaction =
        writes.length > 1 || options?.looksAgain !== true || only === undefined || 'check' in only;
      const keys = writes.map(keyOf);
      try {
        noteWrite(await watchWrite(keys, () => table.write(writes, options)), 'write', isTransaction);
      } catch (error) {
        const unchanged = keys.map(rowAt).map((row) => ({ before: row, after: row }));
        noteWrite(unchanged, 'write', isTransaction);
        throw error;
      }
    },
    removeAll: async (keys) => {
      noteWrite(await watchWrite(keys, () => table.removeAll(keys)), 'removeAll', false);
    },
  };
};
