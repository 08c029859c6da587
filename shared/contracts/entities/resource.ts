import * as z from 'zod';
import { entityBase, entityInput, queryInteger, timestamp } from '../common.ts';
import { readable } from '../readable.ts';

/** Largest file, in bytes: the most that S3 takes in one PUT (5 GiB). */
export const MAX_RESOURCE_BYTES = 5 * 1024 ** 3;
/** Most versions of a resource; all of them lie in its row, with about 300 bytes each. */
export const MAX_RESOURCE_VERSIONS = 100;
/** Longest file name in bytes of UTF-8: what Linux and Windows file systems take. */
const MAX_FILE_NAME_BYTES = 255;

/** What a name must not hold beside a path: marks that turn the direction of writing would show another name. */
const nameFaults: [expression: RegExp, detail: string][] = [
  [/\p{Cs}/u, 'is no well-formed Unicode'],
  [/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u, 'holds a control character'],
  [/^\s|\s$/u, 'begins or ends with a space'],
  [/^\.\.?$/u, 'is no name of a file'],
];

const demandFileName = ({ value, issues }: z.core.ParsePayload<string>): void => {
  const isLong = new TextEncoder().encode(value).length > MAX_FILE_NAME_BYTES;
  const fault = nameFaults.find(([expression]) => expression.test(value))?.[1];
  const message = fault ?? (isLong ? `is longer than ${MAX_FILE_NAME_BYTES} bytes of UTF-8` : undefined);
  if (message !== undefined) issues.push({ code: 'custom', message, input: value, path: [] });
};

/** A file's own name. */
export const fileNameSchema = z
  .string()
  .min(1)
  .max(MAX_FILE_NAME_BYTES, { abort: true })
  .regex(/^[^/\\]*$/, 'must be a file name without a path')
  .check(demandFileName)
  .meta({
    description:
      `A file's own name: no path, no control characters, no space at its ends, ${MAX_FILE_NAME_BYTES} bytes of ` +
      'UTF-8 at most.',
  });

const sha256Schema = z
  .string()
  .regex(/^[0-9A-Fa-f]{64}$/, 'must be a SHA-256 of 64 hexadecimal digits')
  .toLowerCase();

const content = {
  fileName: fileNameSchema,
  sizeBytes: z.int().min(1).max(MAX_RESOURCE_BYTES).meta({ description: 'Bytes; at most 5 GiB' }),
  sha256: sha256Schema.meta({ description: 'SHA-256 of the content, hexadecimal' }),
};

/** A file to be uploaded: its content is announced, then sent to `upload`. */
export const resourceInput = z.strictObject({ ...entityInput, ...content }).meta({ id: 'ResourceInput' });
export type ResourceInput = z.infer<typeof resourceInput>;

/** What a change may touch. Other content is another version. */
export const resourceChange = z.strictObject(entityInput);

/** New content of a resource; without a name it keeps the one before. */
export const resourceVersionInput = z
  .strictObject({ ...content, fileName: fileNameSchema.optional() })
  .meta({ id: 'ResourceVersionInput' });
export type ResourceVersionInput = z.infer<typeof resourceVersionInput>;

/** Which version is complete; by default the newest. */
export const completeInput = z.strictObject({ version: z.int().min(1).optional() }).default({});

/** The query of a download; by default the current version. */
export const contentQuery = z.strictObject({ version: queryInteger({ min: 1 }).optional() });

const versionBase = {
  version: z.int().min(1),
  ...readable(content),
  createdAt: timestamp,
  createdBy: z.string(),
  availableAt: timestamp.optional().meta({ description: 'Since when it can be used' }),
};

const stateSchema = z.enum(['uploading', 'available', 'expired']).meta({
  description:
    'Open list. `uploading`: announced; `available`: uploaded, verified and usable; `expired`: not completed within a day',
});
export type ResourceState = z.infer<typeof stateSchema>;

const resourceVersionSchema = z
  .object({ ...versionBase, state: stateSchema })
  .meta({ id: 'ResourceVersion' });

const presented = {
  ...entityBase('resource'),
  ...readable(content),
  state: stateSchema,
  currentVersion: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'The newest available version; `fileName`, `sizeBytes` and `sha256` are its own' }),
  versions: z
    .array(resourceVersionSchema)
    .meta({ description: `By number, oldest first; at most ${MAX_RESOURCE_VERSIONS}` }),
};
/** An uploaded file with its versions. */
export const resourceSchema = z.object(presented).meta({ id: 'Resource' });

/** One PUT. S3 refuses other bytes, another length, a missing header and a second PUT. */
export const uploadSchema = z
  .object({
    version: z.int().min(1),
    url: z.url(),
    method: z.literal('PUT'),
    headers: z
      .record(z.string(), z.string())
      .meta({ description: 'All are signed: send every one of them as it is, the length included' }),
    expiresAt: timestamp.meta({ description: 'Until then the upload must have begun' }),
  })
  .meta({ id: 'Upload' });
export type Upload = z.infer<typeof uploadSchema>;

/** A resource with the way to send the content that was just announced. */
export const uploadingResourceSchema = z
  .object({ ...presented, upload: uploadSchema })
  .meta({ id: 'UploadingResource' });

/** As it lies in the table. */
const resourceVersionStored = z.object({
  ...versionBase,
  /** S3's id of the bytes: finds them also when the resource was deleted a moment ago. */
  objectVersion: z.string().optional(),
});
export type ResourceVersionStored = z.infer<typeof resourceVersionStored>;
export const resourceStored = z.object({
  ...entityBase('resource'),
  versions: z.array(resourceVersionStored),
  /** Highest number ever given; numbers are never used again. */
  lastVersion: z.int().min(1),
});
export type ResourceStored = z.infer<typeof resourceStored>;
