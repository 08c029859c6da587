import * as z from 'zod';
import {
  entityBase,
  entityInput,
  idOf,
  plainText,
  timestamp,
  timestampInput,
  uniqueList,
} from '../common.ts';
import { readable } from '../readable.ts';

/** What EventBridge Scheduler's year field ends with; nothing of ours lies beyond. */
const LAST_YEAR = 2199;
const inRange = (time: string): boolean => {
  const year = Number(/^(-?\d{1,6})-/.exec(time)?.[1]);
  return year >= 2000 && year <= LAST_YEAR;
};
const outOfRange = `must lie between the years 2000 and ${LAST_YEAR}`;

const moment = timestampInput.refine(inRange, outOfRange);

/** A time of day on the wall clock of the schedule's time zone. */
const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must read HH:mm, 00:00 to 23:59')
  .meta({ description: 'HH:mm on the wall clock of `timeZone`; without it the time of day of `startAt`' });

/** As in EventBridge Scheduler: the week begins with Sunday. */
export const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

/** What divides a day: so it is the same each day. */
const everyHours = z.union([1, 2, 3, 4, 6, 8, 12].map((hours) => z.literal(hours)));

const hourly = z.strictObject({
  type: z.literal('hourly'),
  everyHours: everyHours.optional().meta({
    description:
      'one of 1, 2, 3, 4, 6, 8, 12, counted from midnight; 1 if it is left out; for other distances there is `rate`',
  }),
  minute: z
    .int()
    .min(0)
    .max(59)
    .optional()
    .meta({ description: 'of the hour; without it that of `startAt`, else 0' }),
});

const daily = z.strictObject({ type: z.literal('daily'), time: timeOfDay.optional() });

const weekly = z.strictObject({
  type: z.literal('weekly'),
  daysOfWeek: z
    .array(z.enum(weekdays))
    .min(1)
    .max(7)
    .refine((days) => new Set(days).size === days.length, 'names a day twice')
    .optional()
    .meta({ description: 'without it the day of the week of `startAt`' }),
  time: timeOfDay.optional(),
});

const monthly = z.strictObject({
  type: z.literal('monthly'),
  dayOfMonth: z
    .union([z.int().min(1).max(31), z.literal('last')])
    .optional()
    .meta({
      description: 'a month that has no such day is skipped; without it the day of the month of `startAt`',
    }),
  time: timeOfDay.optional(),
});

const cron = z.strictObject({
  type: z.literal('cron'),
  expression: plainText(256)
    .min(1)
    .transform((text) => /^cron\((.*)\)$/is.exec(text.trim())?.[1] ?? text)
    .transform((text) => text.trim().replaceAll(/\s+/g, ' ').toUpperCase())
    .meta({
      description:
        'The six fields of EventBridge Scheduler: minutes hours day-of-month month day-of-week year. `?` in exactly one of the two day fields; days of the week 1 (Sunday) to 7 or names; `*` `,` `-` `/`, `L` and `W` for days of the month, `L` and `#` for days of the week',
      example: '0 3 ? * MON-FRI *',
    }),
});

/** Longest distance of a rate: a year. */
const MAX_RATE_DAYS = 366;
const perDay = { minutes: 1440, hours: 24, days: 1 };

const rate = z
  .strictObject({
    type: z.literal('rate'),
    value: z
      .int()
      .min(1)
      .max(MAX_RATE_DAYS * perDay.minutes),
    unit: z
      .enum(['minutes', 'hours', 'days'])
      .meta({ description: 'a day is 24 hours, whatever the clocks do' }),
  })
  .refine(({ value, unit }) => value <= MAX_RATE_DAYS * perDay[unit], {
    path: ['value'],
    message: `is more than ${MAX_RATE_DAYS} days`,
  });

const once = z.strictObject({
  type: z.literal('once'),
  at: z.iso
    .datetime({ local: true, offset: true })
    .max(40)
    .transform((text) =>
      /(Z|[+-]\d\d:\d\d)$/.test(text)
        ? new Date(text).toISOString()
        : new Date(`${text}Z`).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length),
    )
    .refine(inRange, outOfRange)
    .optional()
    .meta({
      description:
        'on the wall clock of `timeZone` (2030-01-31T03:00:00), or with an offset or Z as one moment; without it `startAt`',
    }),
});

/** How often. To change to another type by a patch, set the fields of the old type to null. */
export const frequencySchema = z
  .discriminatedUnion('type', [hourly, daily, weekly, monthly, cron, rate, once])
  .meta({ id: 'Frequency' });
export type Frequency = z.output<typeof frequencySchema>;

/** The same as it was kept: what is written is put into one form first. */
const frequencyStored = z.discriminatedUnion('type', [
  z.object(readable(hourly.shape)),
  z.object(readable(daily.shape)),
  z.object(readable(weekly.shape)),
  z.object(readable(monthly.shape)),
  z.object({ ...cron.shape, expression: z.string() }),
  z.object(readable(rate.shape)),
  z.object({ ...once.shape, at: z.string().optional() }),
]);

/** EventBridge Scheduler takes 50 characters; no name of a zone is longer. */
const zoneName = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/;

/** The zone as it is written in the time zone database, or undefined when there is none of this name. */
const zoneOf = (name: string): string | undefined => {
  if (!zoneName.test(name)) return undefined;
  try {
    const known = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    if (known.toLowerCase() === name.toLowerCase()) return known;
    // Another name of the same zone is kept; how it is spelt cannot be asked, only that it is not all small.
    return /(^|\/)[a-z]/.test(name) ? undefined : name;
  } catch {
    return undefined;
  }
};

const timeZone = z
  .string()
  .min(1)
  .max(50)
  .refine((name) => zoneOf(name) !== undefined, 'is no IANA time zone')
  .transform((name) => zoneOf(name) ?? name)
  .meta({ description: 'IANA time zone, such as Europe/Berlin' });

/**
 * The rule of a schedule. `startAt` may be left out, and then the schedule counts from its creation: api.md asks for
 * frequency and start time, and the time of day in a frequency is a start time too. A frequency that names no time of
 * its own (a day, a time, a moment) takes it from `startAt`; where neither says it, the rule is refused.
 */
const ruleFields = {
  frequency: frequencySchema,
  startAt: moment.optional().meta({ description: 'RFC 3339; no firing before; what a rate counts from' }),
  endAt: moment.optional().meta({ description: 'RFC 3339; no firing after' }),
};

const flexibleWindowSeconds = z.int().min(60).max(86_400).multipleOf(60).optional().meta({
  description: 'a firing may come this much after its time; without it exactly then (within a minute)',
});

const maxLatenessSeconds = z
  .int()
  .min(60)
  .max(604_800)
  .optional()
  .meta({ description: 'a firing that comes later than this is skipped; without it none is' });

const scheduleFields = {
  ...entityInput,
  ...ruleFields,
  timeZone: timeZone.default('UTC'),
  imageDefinitionIds: uniqueList(idOf('image-definition'), 30)
    .default([])
    .meta({ description: 'each firing starts a run of each; a deleted definition leaves by itself' }),
  enabled: z.boolean().default(true),
  overlap: z.enum(['queue', 'skip']).default('queue').meta({
    description: 'for a definition whose last scheduled run has not ended: a run behind it, or none',
  }),
  maxLatenessSeconds,
  flexibleWindowSeconds,
};

/** A time rule with any number of definitions. */
export const scheduleInput = z.strictObject(scheduleFields).meta({ id: 'ScheduleInput' });
export type ScheduleInput = z.output<typeof scheduleInput>;

/** A schedule that is not saved yet; what it will be called does not matter. */
export const schedulePreviewInput = z
  .strictObject({ ...scheduleFields, name: entityInput.name.optional() })
  .meta({ id: 'SchedulePreviewInput' });

/** What decides when a schedule fires. */
export type ScheduleRule = Pick<ScheduleInput, 'frequency' | 'startAt' | 'endAt' | 'timeZone'>;

export const scheduleStored = z.object({
  ...entityBase('schedule'),
  frequency: frequencyStored,
  startAt: timestamp.optional(),
  endAt: timestamp.optional(),
  timeZone: z.string(),
  imageDefinitionIds: z.array(z.string()),
  enabled: z.boolean(),
  overlap: z.enum(['queue', 'skip']),
  ...readable({ maxLatenessSeconds, flexibleWindowSeconds }),
});

/** A schedule as it is read: without definitions that were deleted, and with the names of the others. */
export const scheduleSchema = scheduleStored
  .extend({ imageDefinitions: z.array(z.object({ id: idOf('image-definition'), name: z.string() })) })
  .meta({ id: 'Schedule' });

/** A firing to come. */
const comingFiring = z.object({
  at: timestamp,
  localTime: z
    .string()
    .meta({ description: 'the same moment on the wall clock of `timeZone`, with its offset' }),
});

/** The next five firings. `reason` says why there are none: `disabled`, `finished`; an open list. */
export const nextFiringsSchema = z
  .object({ items: z.array(comingFiring).max(5), reason: z.string().optional() })
  .meta({ id: 'NextFirings' });

/** What a rule means: its next firings and what EventBridge Scheduler is told. */
export const schedulePreviewSchema = z
  .object({
    items: z.array(comingFiring).max(5),
    expression: z.string().meta({ description: '`cron(…)`, `rate(…)` or `at(…)` of EventBridge Scheduler' }),
    expressionTimeZone: z.string(),
  })
  .meta({ id: 'SchedulePreview' });

/** One firing: what it started, what it skipped and why. `reason` is given where nothing was started; open lists. */
export const firingSchema = z
  .object({
    id: idOf('firing'),
    scheduleId: idOf('schedule'),
    scheduledAt: timestamp,
    firedAt: timestamp,
    started: z.array(z.object({ imageDefinitionId: idOf('image-definition'), runId: idOf('run') })),
    skipped: z.array(z.object({ imageDefinitionId: idOf('image-definition'), reason: z.string() })),
    reason: z.string().optional(),
  })
  .meta({ id: 'Firing' });
export type Firing = z.infer<typeof firingSchema>;
