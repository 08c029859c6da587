import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { globalKeys } from './keys.ts';
import type { Table } from './table.ts';
import { WriteRefused } from './write-refused.ts';

const rowSchema = z.object({ key: z.string() });
/** AES-256. */
const KEY_BYTES = 32;

/** The key that this deployment seals cursors with; the first who needs it makes it. */
export const readCursorKey = async (table: Table): Promise<Buffer> => {
  const item = await table.get(globalKeys.cursorKey);
  if (item !== undefined) return Buffer.from(rowSchema.parse(item).key, 'base64');
  const key = randomBytes(KEY_BYTES).toString('base64');
  try {
    await table.write([{ put: { ...globalKeys.cursorKey, row: 'cursor-key', key }, if: { exists: false } }]);
    return Buffer.from(key, 'base64');
  } catch (error) {
    if (error instanceof WriteRefused) return readCursorKey(table);
    throw error;
  }
};
