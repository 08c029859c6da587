import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readCursorKey } from '../../store/cursor-key.ts';
import type { Table } from '../../store/table.ts';
import { ApiProblem } from './problem.ts';

/** AES-256-GCM: nobody reads a cursor, makes one, or uses it for another list. */
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

const keysOfTables = new WeakMap<Table, Promise<Buffer>>();

const keyOf = (table: Table): Promise<Buffer> => {
  const known = keysOfTables.get(table) ?? readCursorKey(table);
  keysOfTables.set(table, known);
  // A read that failed is tried again by the next request.
  known.catch(() => keysOfTables.delete(table));
  return known;
};

/** What a cursor belongs to: a path with its filters. Page size and place in the list may differ from page to page. */
export const listOf = (path: string, query: object = {}): string => {
  const filters = Object.entries(query)
    .filter(([name, value]) => name !== 'limit' && name !== 'cursor' && value !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([path, filters]);
};

/** A cursor that only works for the list it came from. */
export const cursorFor = async (table: Table, list: string, position: string): Promise<string> => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, await keyOf(table), iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(list));
  const sealed = Buffer.concat([cipher.update(position, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
};

/** The position in a cursor. Throws 400 when it came from another list or is no cursor at all. */
export const positionIn = async (
  table: Table,
  list: string,
  cursor: string | undefined,
): Promise<string | undefined> => {
  if (cursor === undefined) return undefined;
  const position = openCursor(await keyOf(table), list, Buffer.from(cursor, 'base64url'));
  if (position !== undefined) return position;
  const errors = [{ pointer: 'query/cursor', code: 'bad-cursor', detail: 'is no cursor of this list' }];
  throw new ApiProblem('bad-query', 'The cursor is not valid.', { errors });
};

const openCursor = (key: Buffer, list: string, bytes: Buffer): string | undefined => {
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  try {
    const cipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(list));
    cipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const open = cipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
    return Buffer.concat([open, cipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
};

/** The position in a cursor of a list that is ordered by number. Throws 400 as above. */
export const numberIn = async (...asked: Parameters<typeof positionIn>): Promise<number | undefined> => {
  const position = await positionIn(...asked);
  return position === undefined ? undefined : Number(position);
};

/** One page out of `limit + 1` items that were asked for: the one too many tells that there is more. */
export const pageOf = async <T>(
  table: Table,
  list: string,
  page: { items: T[]; limit: number; position: (item: T) => string },
): Promise<{ items: T[]; nextCursor?: string }> => {
  const items = page.items.slice(0, page.limit);
  const last = items.at(-1);
  if (page.items.length <= page.limit || last === undefined) return { items };
  return { items, nextCursor: await cursorFor(table, list, page.position(last)) };
};
