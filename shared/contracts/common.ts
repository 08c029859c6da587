import * as z from 'zod';
import { description, entityName, tags } from './text.ts';

export {
  entityName,
  mapOf,
  noTemplate,
  plainText,
  tags,
  templateSafeText,
  uniqueList,
} from './text.ts';

/** UTC time stamp, RFC 3339 with milliseconds. */
export const timestamp = z.iso
  .datetime({ precision: 3 })
  .meta({ description: 'UTC time, RFC 3339 with milliseconds' });

/** Longest text of a time that makes sense: nanoseconds and an offset fit. */
const MAX_TIME = 40;

/** Four digits of a year in UTC, also after the offset is taken off, from the first that computers count from. */
const isInRange = (value: string): boolean => {
  const milliseconds = Date.parse(value);
  return milliseconds >= 0 && milliseconds < Date.UTC(10_000, 0);
};

/** A time as clients write it: any RFC 3339 time from 1970 to 9999, kept as UTC with milliseconds. */
export const timestampInput = z.iso
  .datetime({ offset: true, error: 'is no RFC 3339 time such as 2030-01-31T12:00:00Z', abort: true })
  .max(MAX_TIME, { abort: true })
  .refine(isInRange, { error: 'is not between 1970 and 9999', abort: true })
  .transform((value) => new Date(value).toISOString())
  .meta({ description: 'RFC 3339, from 1970 to 9999' });

/** Prefix of each kind's ids; the rest is a ULID, so ids sort by creation. */
export const idPrefixes = {
  workspace: 'ws',
  connection: 'con',
  'operating-system': 'os',
  'builder-configuration': 'bld',
  provisioner: 'prv',
  'provisioner-group': 'grp',
  'provisioner-role': 'rol',
  'image-definition': 'def',
  run: 'run',
  'image-version': 'ver',
  share: 'shr',
  leftover: 'lft',
  'api-token': 'tok',
  lease: 'lse',
  resource: 'res',
  connector: 'cnr',
  agent: 'agt',
  'registration-code': 'reg',
  schedule: 'sch',
  firing: 'fir',
  'audit-event': 'aud',
} as const;
export type IdKind = keyof typeof idPrefixes;

/** The kind of thing that an id of ours names; undefined for a text that is none. */
export const kindOfId = (id: string): IdKind | undefined => {
  const end = id.indexOf('_');
  return end < 0 ? undefined : kindsByPrefix.get(id.slice(0, end));
};

const kindsByPrefix = new Map<string, IdKind>(
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of an object that is written above
  (Object.keys(idPrefixes) as IdKind[]).map((kind) => [idPrefixes[kind], kind]),
);

/** An id of one kind: `prefix_` and 26 characters of a ULID. */
export const idOf = (kind: IdKind) =>
  z.string().regex(new RegExp(`^${idPrefixes[kind]}_[0-9A-HJKMNP-TV-Z]{26}$`), `is no ${kind} id`);

/**
 * Fields that every entity answers with. Their rules hold when they are written: what lies in the table stays readable
 * when a rule, or Unicode, changes.
 */
export const entityBase = (kind: IdKind) => ({
  id: idOf(kind),
  name: z.string(),
  description: z.string(),
  tags: z.record(z.string(), z.string()),
  createdAt: timestamp,
  createdBy: z.string(),
  updatedAt: timestamp,
  rev: z.int().min(1),
});

/** Fields that every entity is created with. */
export const entityInput = {
  name: entityName,
  description: description.default(''),
  tags: tags.default({}),
};

/** One page of a list, newest first; it may be short and still have `nextCursor`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional() });

const DIGITS = /^\d{1,16}$/;

/** A whole number as a query has it: decimal digits and nothing else, neither `0x10` nor `1e1`. */
export const queryInteger = (range: { min: number; max?: number }) =>
  z.preprocess(
    (value) => (typeof value === 'string' && DIGITS.test(value) ? Number(value) : value),
    z
      .int('must be a whole number in decimal digits')
      .min(range.min)
      .max(range.max ?? Number.MAX_SAFE_INTEGER),
  );

/** A key of 128 characters, a colon, a value of 256. */
const MAX_TAG_FILTER = 385;
const MAX_TAG_FILTERS = 10;
const TAG_FILTER = /^[^:]+:/;

/** What a client may write; each is checked below, so that a wrong one is named by its place. */
const tagFilter = z.string().meta({ maxLength: MAX_TAG_FILTER, pattern: TAG_FILTER.source });

/** The query of every list. `tag` is repeatable: all must hold. */
export const listQuery = z.strictObject({
  limit: queryInteger({ min: 1, max: 200 }).default(50),
  cursor: z.string().max(2000).optional(),
  name: z.string().max(100).optional(),
  tag: z
    .union([tagFilter, z.array(tagFilter).meta({ maxItems: MAX_TAG_FILTERS })])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .pipe(
      z
        .array(z.string().max(MAX_TAG_FILTER, { abort: true }).regex(TAG_FILTER, 'must read key:value'))
        .max(MAX_TAG_FILTERS),
    )
    .optional(),
});
export type ListQuery = z.infer<typeof listQuery>;

export const osFamilySchema = z.enum(['linux', 'windows']);
