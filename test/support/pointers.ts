import type { z } from 'zod';
import { fieldErrors } from '../../shared/runtime/api/read-request.ts';

/** Pointers of the fields that a schema refuses; none when it accepts. */
export const pointers = (schema: z.ZodType, body: unknown): string[] => {
  const parsed = schema.safeParse(body);
  return parsed.success ? [] : fieldErrors(parsed.error).map((error) => error.pointer);
};

/** What a schema says of one field. */
export const detailAt = (schema: z.ZodType, body: unknown, pointer: string): string | undefined => {
  const parsed = schema.safeParse(body);
  return parsed.success
    ? undefined
    : fieldErrors(parsed.error).find((error) => error.pointer === pointer)?.detail;
};
