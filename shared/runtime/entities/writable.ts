import type * as z from 'zod';
import { fieldNames } from '../../contracts/patch.ts';
import { keepSecrets } from './secrets.ts';

/**
 * What a client would write to get this row, which is what a merge patch is applied to: the fields that the input knows,
 * secrets as values that are kept.
 */
export const writableFields = (input: z.ZodType, row: object): Record<string, unknown> => {
  const names = new Set(fieldNames(input));
  const fields = Object.entries(row).filter(([name, value]) => names.has(name) && value !== undefined);
  return Object.fromEntries(fields.map(([name, value]) => [name, keepSecrets(value)]));
};
