import * as z from 'zod';
import { queryInteger, timestamp } from '../common.ts';

/** Longest text of one line, in bytes of UTF-8 (api.md). */
export const MAX_LINE_BYTES = 8192;

export const logLevelSchema = z.enum(['info', 'warn', 'error']);

/** One line of a run's log. `seq` starts at 1 without holes; `step` is the index of the step it belongs to. */
export const logLineSchema = z
  .object({
    seq: z.int().min(1),
    ts: timestamp,
    step: z.int().min(1).nullable(),
    stream: z.enum(['packer', 'stdout', 'stderr', 'goldsmith']),
    level: logLevelSchema,
    text: z.string(),
  })
  .meta({ id: 'LogLine' });
export type LogLine = z.infer<typeof logLineSchema>;
/** A line before it has its number. */
export type UnnumberedLine = Omit<LogLine, 'seq'>;

export const logQuery = z.strictObject({
  order: z.enum(['newest', 'oldest']).default('newest'),
  afterSeq: queryInteger({ min: 0 }).optional(),
  beforeSeq: queryInteger({ min: 1 }).optional(),
  step: queryInteger({ min: 1 }).optional(),
  level: logLevelSchema.optional(),
  q: z.string().min(1).max(200).optional(),
  limit: queryInteger({ min: 1, max: 1000 }).optional(),
  cursor: z.string().max(2000).optional(),
});
export type LogQuery = z.infer<typeof logQuery>;

/** `firstSeq` and `lastSeq` are those of the whole stored log, 0 when it is empty. */
export const logPageSchema = z
  .object({
    lines: z.array(logLineSchema),
    firstSeq: z.int(),
    lastSeq: z.int(),
    complete: z.boolean(),
    nextCursor: z.string().optional(),
  })
  .meta({ id: 'LogPage' });
