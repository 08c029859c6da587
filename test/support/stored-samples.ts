import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * `test/samples/stored/<kind>.v<version>[.<variant>].json`: rows as a release wrote them, and what their store makes of
 * the first. A set of texts is `{"$set": […]}`, bytes are `{"$base64": …}`. A sample stays as it is for as long as such a row may lie somewhere.
 */
const FOLDER = join(import.meta.dirname, '../samples/stored');
const sampleSchema = z.object({ rows: z.array(z.record(z.string(), z.unknown())).min(1), read: z.unknown() });
const setSchema = z.strictObject({ $set: z.array(z.string()) }).transform(({ $set }) => new Set($set));

const bytesSchema = z
  .strictObject({ $base64: z.base64() })
  .transform(({ $base64 }) => new Uint8Array(Buffer.from($base64, 'base64')));

const revive = (_key: string, value: unknown): unknown =>
  setSchema.safeParse(value).data ?? bytesSchema.safeParse(value).data ?? value;

export const storedSamples = () =>
  readdirSync(FOLDER).map((file) => {
    const { kind, version } =
      /^(?<kind>[a-z-]+)\.v(?<version>\d+)(\.[a-z-]+)?\.json$/.exec(file)?.groups ?? {};
    const sample = sampleSchema.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'), revive));
    return { file, kind, version: Number(version), ...sample };
  });
