import { setImmediate as immediately } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Clock, systemClock } from '../../shared/store/clock.ts';
import type { Key } from '../../shared/store/keys.ts';
import { type Item, type Range, REMOVE_BATCH, type Table } from '../../shared/store/table.ts';
import { WriteRefused } from '../../shared/store/write-refused.ts';
import { copyOfItem } from './row-copy.ts';
import { upgraded } from '../../shared/store/upgrade.ts';
import { type Guard, versioned, type Write } from '../../shared/store/write.ts';
import { MAX_WRITES, byBytes, demandItem, demandKey, demandTransaction, pagesOf } from './table-limits.ts';

/** A table in memory with the guards of the real one (test/contract/store proves that); for tests of what stands above it. */
export type MemoryTable = Table & {
  rows: Map<string, Item>;
  /** Called before each write; what it throws is what the write throws. */
  beforeWrite: (writes: Write[]) => void | Promise<void>;
};

const idOf = ({ pk, sk }: Key): string => `${pk}\n${sk}`;

const isSame = (one: unknown, other: unknown): boolean => one === other || isDeepStrictEqual(one, other);

const holds = (row: Item | undefined, guard: Guard = {}): boolean =>
  (guard.exists === undefined || guard.exists === (row !== undefined)) &&
  Object.entries(guard.equals ?? {}).every(([name, value]) => isSame(row?.[name], value)) &&
  Object.entries(guard.equalsIfThere ?? {}).every(
    ([name, value]) => row?.[name] === undefined || isSame(row[name], value),
  ) &&
  (guard.absent ?? []).every((name) => row?.[name] === undefined);

const keyOf = (write: Write): Key => {
  if ('put' in write) return write.put;
  if ('update' in write) return write.update;
  return 'delete' in write ? write.delete : write.check;
};

/** The row that a write leaves; undefined for one that changes none or takes it away. */
const rowAfter = (before: Item | undefined, write: Write): Item | undefined => {
  if ('put' in write) return copyOfItem(write.put);
  if (!('update' in write)) return undefined;
  const { pk, sk } = write.update;
  const row: Item = { ...(before ?? { pk, sk }), ...copyOfItem(write.set ?? {}) };
  if (write.add === undefined && write.take === undefined && write.remove === undefined) return row;
  for (const [name, texts] of Object.entries(write.add ?? {}))
    row[name] = new Set([...setOf(row[name]), ...texts]);
  for (const [name, texts] of Object.entries(write.take ?? {}))
    row[name] = new Set([...setOf(row[name])].filter((text) => !texts.includes(text)));
  const kept = Object.entries(row).filter(
    ([name, value]) => !write.remove?.includes(name) && !(value instanceof Set && value.size === 0),
  );
  return Object.fromEntries(kept);
};

const setOf = (value: unknown): Set<string> => z.set(z.string()).default(new Set()).parse(value);

const select = (rows: Map<string, Item>, range: Range): Item[] => {
  const sk = (item: Item) => String(item['sk']);
  const own: Item[] = [];
  for (const item of rows.values())
    if (item['pk'] === range.pk && sk(item).startsWith(range.prefix)) own.push(item);
  const found = own
    .filter((item) => range.after === undefined || byBytes(sk(item), range.after) > 0)
    .filter((item) => range.before === undefined || byBytes(sk(item), range.before) < 0)
    .toSorted((a, b) => byBytes(sk(a), sk(b)));
  return (range.newestFirst === true ? found.toReversed() : found).slice(0, range.limit);
};

type Outcome = { write: Write; row: Item | undefined };

const apply = (rows: Map<string, Item>, { write, row }: Outcome): void => {
  const id = idOf(keyOf(write));
  if ('delete' in write) rows.delete(id);
  if (row !== undefined) rows.set(id, row);
};

const project = (item: Item, only: string[]): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => only.includes(name)));

/** `turn` is awaited in every verb before it looks at the rows: whoever decides in which order calls go on puts it there. */
type Setting = { clock?: Clock; turn?: () => Promise<unknown> };

export const memoryTable = ({ clock = systemClock, turn = immediately }: Setting = {}): MemoryTable => {
  const rows = new Map<string, Item>();
  /** A row to look at only. */
  const peek = (key: Key): Item | undefined => {
    const item = rows.get(idOf(key));
    return item && upgraded(item);
  };
  const get = (key: Key): Item | undefined => {
    const item = peek(key);
    return item && copyOfItem(item);
  };
  const table: MemoryTable = {
    clock,
    rows,
    beforeWrite: () => {},
    get: async (key) => {
      demandKey(key);
      await turn();
      return get(key);
    },
    getAll: async (keys, only) => {
      await turn();
      const found = keys.map(get).filter((item) => item !== undefined);
      return only === undefined ? found : found.map((item) => project(item, only));
    },
    query: async (range) => {
      const items: Item[] = [];
      for await (const page of table.pages(range)) items.push(...page);
      return items;
    },
    pages: async function* (range) {
      for (const page of pagesOf(select(rows, range), range.rowsAPage)) {
        await turn();
        yield page.map((item) =>
          copyOfItem(range.only === undefined ? upgraded(item) : project(item, range.only)),
        );
      }
    },
    removeAll: async (keys) => {
      for (let start = 0; start < keys.length; start += REMOVE_BATCH) {
        const deletes = keys.slice(start, start + REMOVE_BATCH).map((key) => ({ delete: key }));
        await turn();
        await table.beforeWrite(deletes);
        for (const { delete: key } of deletes) rows.delete(idOf(key));
      }
    },
    due: async (partition, until, limit) => {
      await turn();
      const found: Item[] = [];
      for (const item of rows.values())
        if (item['due'] === partition && String(item['dueAt']) <= until) found.push(item);
      return found
        .toSorted((a, b) => (String(a['dueAt']) < String(b['dueAt']) ? -1 : 1))
        .slice(0, limit)
        .map((item) => ({ pk: String(item['pk']), sk: String(item['sk']) }));
    },
    write: async (asked) => {
      const writes = asked.map(versioned);
      demandTransaction(writes.map(keyOf));
      for (const write of writes) if ('put' in write) demandItem(write.put);
      await turn();
      await table.beforeWrite(writes);
      const failed = writes.flatMap((write, place) => (holds(peek(keyOf(write)), write.if) ? [] : [place]));
      if (failed.length > 0) throw new WriteRefused(failed);
      const after = writes.map((write) => ({ write, row: rowAfter(rows.get(idOf(keyOf(write))), write) }));
      for (const { write, row } of after) if ('update' in write && row !== undefined) demandItem(row);
      for (const one of after) apply(rows, one);
    },
  };
  return table;
};

/** Writes any number of rows, as many at a time as one transaction takes. */
export const writeInParts = async (table: Table, writes: Write[]): Promise<void> => {
  for (let start = 0; start < writes.length; start += MAX_WRITES)
    await table.write(writes.slice(start, start + MAX_WRITES));
};
