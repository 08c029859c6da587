import * as z from 'zod';
import { noTemplate, timestamp } from './common.ts';

/** Shortest secret: shorter values would tear words out of the log when redacted. */
export const MIN_SECRET_LENGTH = 8;
/** Longest secret, in bytes of UTF-8: what KMS encrypts in one call is 4096. */
const MAX_SECRET_BYTES = 4000;

const isShortEnough = (value: string): boolean =>
  value.isWellFormed() && new TextEncoder().encode(value).length <= MAX_SECRET_BYTES;

const secretValue = z
  .string()
  .min(MIN_SECRET_LENGTH)
  .max(MAX_SECRET_BYTES)
  .refine(isShortEnough, `is longer than ${MAX_SECRET_BYTES} bytes or no well-formed Unicode`)
  .refine(noTemplate, 'must not hold {{ or }}');

/** A secret in a checked body: the new value, or none when the stored one is kept. No other value looks like it. */
export class WrittenSecret {
  readonly value: string | undefined;
  constructor(value?: string) {
    this.value = value;
  }
}

/** A secret as a client writes it: a new value, or `{"set": true}` to keep the stored one. */
export const secretInput = z
  .union(
    [
      z.strictObject({ value: secretValue.meta({ writeOnly: true }) }),
      z.strictObject({ set: z.literal(true), updatedAt: timestamp.optional() }),
    ],
    'must read {"value": "…"} or {"set": true}',
  )
  .transform((secret) => new WrittenSecret('value' in secret ? secret.value : undefined))
  .meta({ id: 'SecretInput', writeOnly: true });

/** A secret as a client reads it: never its value. */
export const secretOutput = z.object({ set: z.literal(true), updatedAt: timestamp });

/** A secret as it lies in the table: a KMS ciphertext bound to workspace, entity and field. */
export const secretStored = z.object({
  /** Tells a secret from a record of texts that happens to have the same keys. */
  sealed: z.literal(true),
  ciphertext: z.string(),
  field: z.string(),
  updatedAt: timestamp,
});
export type SecretStored = z.infer<typeof secretStored>;
