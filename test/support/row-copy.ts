import type { Item } from '../../shared/store/table.ts';

/** In the SDK's words. */
const refuse = (value: unknown): never => {
  throw new Error(`Unsupported type passed: ${String(value)}`);
};

const isPlain = (value: object): value is Item => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const copyOf = (value: unknown): unknown => {
  if (typeof value === 'function' || typeof value === 'symbol') return refuse(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.filter((one) => one !== undefined).map(copyOf);
  if (value instanceof Set) return new Set(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return isPlain(value) ? copyOfItem(value) : refuse(value);
};

const defined = (item: Item): Item =>
  Object.values(item).includes(undefined)
    ? Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined))
    : item;

/**
 * A row that is nobody else's, as a table keeps and answers it: without what is undefined. Several times as fast as
 * `structuredClone`, which looks for what no row has. Throws for what the SDK makes no attribute of.
 */
export const copyOfItem = (item: Item): Item => {
  const copy = { ...defined(item) };
  for (const name of Object.keys(copy)) {
    const value = copy[name];
    if (typeof value === 'object' || typeof value === 'function') copy[name] = copyOf(value);
  }
  return copy;
};
