import * as z from 'zod';

/** UTC time stamp, RFC 3339 with milliseconds. */
export const timestamp = z.iso
  .datetime({ precision: 3 })
  .meta({ description: 'UTC time, RFC 3339 with milliseconds' });

/** A time as clients write it: any RFC 3339 time, kept as UTC with milliseconds. */
export const timestampInput = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value).toISOString())
  .meta({ description: 'RFC 3339' });

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

/** An id of one kind: `prefix_` and 26 characters of a ULID. */
export const idOf = (kind: IdKind) =>
  z.string().regex(new RegExp(`^${idPrefixes[kind]}_[0-9A-HJKMNP-TV-Z]{26}$`), `is no ${kind} id`);

const wellFormed = (value: string): boolean => value.isWellFormed();

/** Text without control characters; nothing else of ours survives a terminal, a log or a template unchanged. */
export const plainText = (max: number) =>
  z
    .string()
    .max(max)
    // oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused
    .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, 'holds a control character')
    .refine(wellFormed, 'is no well-formed Unicode');

/** Whether Packer leaves a text alone: it would render `{{`, in some fields twice, and knows no escape for it. */
export const noTemplate = (value: string): boolean => !value.includes('{{') && !value.includes('}}');

/** Text that reaches Packer's template. */
export const templateSafeText = (max: number) => plainText(max).refine(noTemplate, 'must not hold {{ or }}');

/** Name of an entity, shown to people, on one line. */
export const entityName = plainText(100)
  .min(1)
  .regex(/^\S(.*\S)?$/s, 'begins or ends with a space')
  .regex(/^[^\t\n\r\u0085\u2028\u2029]*$/, 'has more than one line or holds a tab');
export const description = plainText(2000);

/** `tags`: keys without `:`, so that `?tag=key:value` can be split at the first colon. */
export const tags = z
  .record(
    z
      .string()
      .min(1)
      .max(128)
      .regex(/^[^:\s][^:]*$/, 'a tag key holds no colon'),
    plainText(256),
  )
  .refine((value) => Object.keys(value).length <= 50, 'at most 50 tags');

/** Fields that every entity answers with. */
export const entityBase = (kind: IdKind) => ({
  id: idOf(kind),
  name: entityName,
  description,
  tags,
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

/** The query of every list. `tag` is repeatable: all must hold. */
export const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(2000).optional(),
  name: z.string().max(100).optional(),
  tag: z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .pipe(z.array(z.string().regex(/^[^:]+:/, 'must read key:value')).max(10))
    .optional(),
});
export type ListQuery = z.infer<typeof listQuery>;

export const osFamilySchema = z.enum(['linux', 'windows']);
