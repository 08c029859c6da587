import { z } from 'zod';
import { timestamp } from './common.ts';

/** Shortest secret: shorter values would tear words out of the log when redacted. */
export const MIN_SECRET_LENGTH = 8;
/** Longest secret, in characters: what KMS encrypts in one call is 4096 bytes. */
const MAX_SECRET_LENGTH = 4000;

/** A secret as a client writes it: a new value, or `{"set": true}` to keep the stored one. */
export const secretInput = z.union([
  z.strictObject({
    value: z
      .string()
      .min(MIN_SECRET_LENGTH)
      .max(MAX_SECRET_LENGTH)
      .refine((value) => !value.includes('{{') && !value.includes('}}'), 'must not hold {{ or }}'),
  }),
  z.strictObject({ set: z.literal(true), updatedAt: timestamp.optional() }),
]);
export type SecretInput = z.infer<typeof secretInput>;

/** A secret as a client reads it: never its value. */
export const secretOutput = z.object({ set: z.literal(true), updatedAt: timestamp });

/** A secret as it lies in the table: a KMS ciphertext bound to workspace, entity and field. */
export const secretStored = z.object({ ciphertext: z.string(), field: z.string(), updatedAt: timestamp });
export type SecretStored = z.infer<typeof secretStored>;
