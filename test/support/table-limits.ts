import type { Key } from '../../shared/store/keys.ts';
import type { Item } from '../../shared/store/table.ts';

/**
 * What DynamoDB refuses, so that a test over the table in memory finds it before a deployment does
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
 */
export const MAX_WRITES = 100;
const MAX_ITEM_BYTES = 400 * 1024;
const MAX_PARTITION_KEY_BYTES = 2048;
const MAX_SORT_KEY_BYTES = 1024;
/** The largest is 1e126, but the SDK refuses all beyond the integers that a double holds exactly. */
const SMALLEST_NUMBER = 1e-130;
const refuse = (message: string): never => {
  throw Object.assign(new Error(message), { name: 'ValidationException' });
};

const bytes = (text: string): number => Buffer.byteLength(text);

const numberBytes = (value: number): number => {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) refuse(`${value} is no number`);
  if (size > Number.MAX_SAFE_INTEGER) refuse(`Number ${value} is greater than Number.MAX_SAFE_INTEGER`);
  if (size > 0 && size < SMALLEST_NUMBER) refuse('Number underflow');
  const digits = Number.isInteger(value) ? String(size) : String(size).replaceAll(/[^0-9]/g, '');
  return Math.ceil(digits.length / 2) + 1;
};

/** Bytes that a value takes, by the service's own counting. Throws for what it does not take. */
const sizeOfValue = (value: unknown): number => {
  if (typeof value === 'string') return bytes(value);
  if (typeof value === 'number') return numberBytes(value);
  if (typeof value !== 'object' || value === null) return 1;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Set) {
    if (value.size === 0) refuse('Pass a non-empty set');
    return [...value].reduce<number>((sum, one) => sum + sizeOfValue(one), 3);
  }
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + sizeOfValue(one) + 1, 3);
  return Object.entries(value).reduce((sum, [name, one]) => sum + bytes(name) + sizeOfValue(one) + 1, 3);
};

/** Throws as the service does for a key that is empty or too long. */
export const demandKey = ({ pk, sk }: Key): void => {
  if (pk === '' || sk === '')
    refuse('The AttributeValue for a key attribute cannot contain an empty string value');
  if (bytes(pk) > MAX_PARTITION_KEY_BYTES)
    refuse('Size of hashkey has exceeded the maximum size limit of 2048 bytes');
  if (bytes(sk) > MAX_SORT_KEY_BYTES)
    refuse('Aggregated size of all range keys has exceeded the size limit of 1024 bytes');
};

/** Bytes of an item with the names of its attributes. Throws for a number that the service does not take. */
export const bytesOfItem = (item: Item): number =>
  Object.entries(item)
    .filter(([, value]) => value !== undefined)
    .reduce((sum, [name, value]) => sum + bytes(name) + sizeOfValue(value), 0);

/** Throws as the service does for an item that is too large or holds a number that it cannot. */
export const demandItem = (item: Item): void => {
  if (bytesOfItem(item) > MAX_ITEM_BYTES) refuse('Item size has exceeded the maximum allowed size');
};

/** Throws as the service does for a transaction that is empty, too long or writes a row twice. */
export const demandTransaction = (keys: Key[]): void => {
  if (keys.length === 0 || keys.length > MAX_WRITES)
    refuse('Member must have length less than or equal to 100, greater than or equal to 1');
  if (new Set(keys.map(({ pk, sk }) => `${pk}\n${sk}`)).size < keys.length)
    refuse('Transaction request cannot include multiple operations on one item');
  for (const key of keys) demandKey(key);
};

/** The order of the service: by the bytes of UTF-8, not by JavaScript's code units. */
export const byBytes = (one: string, other: string): number => {
  if (SURROGATE.test(one) || SURROGATE.test(other))
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  if (one === other) return 0;
  return one < other ? -1 : 1;
};
/** Without these the two orders are one. */
const SURROGATE = /[\ud800-\udfff]/;

/** Bytes of each row that was measured: tables never change a row, they replace it. */
const measured = new WeakMap<Item, number>();
const sizeInPage = (item: Item): number => {
  const size = measured.get(item) ?? bytes(JSON.stringify(item));
  measured.set(item, size);
  return size;
};

/** Rows as one answer holds them: it ends with the row that makes it 1 MB. */
export const pagesOf = function* (items: Item[], rowsAPage = Infinity): Generator<Item[]> {
  let page: Item[] = [];
  let size = 0;
  for (const item of items) {
    page.push(item);
    size += sizeInPage(item);
    if (page.length < rowsAPage && size < 1024 * 1024) continue;
    yield page;
    page = [];
    size = 0;
  }
  yield page;
};
