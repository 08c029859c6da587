import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ScheduleInput,
  type ScheduleRule,
  scheduleInput,
  weekdays,
} from '../../../../../shared/contracts/entities/schedule.ts';
import { expressionOf } from '../../../../../shared/domain/schedule/expression.ts';
import { nextFirings } from '../../../../../shared/domain/schedule/firings.ts';

/** Days around a change of the clocks, and one where nothing happens. */
const windows = [
  { timeZone: 'Europe/Berlin', from: '2026-03-28T12:00:00.000Z' },
  { timeZone: 'Europe/Berlin', from: '2026-10-24T12:00:00.000Z' },
  { timeZone: 'America/New_York', from: '2026-03-07T12:00:00.000Z' },
  { timeZone: 'America/New_York', from: '2026-10-31T12:00:00.000Z' },
  { timeZone: 'Australia/Lord_Howe', from: '2026-10-03T00:00:00.000Z' },
  { timeZone: 'Australia/Lord_Howe', from: '2026-04-04T00:00:00.000Z' },
  { timeZone: 'Asia/Kolkata', from: '2026-02-27T12:00:00.000Z' },
];
const WINDOW_MINUTES = 2 * 1440;

type Minute = { at: string; minute: number; hour: number; day: number; weekday: number; text: string };

/** Each minute of a window as a clock on the wall shows it: asked of Intl minute by minute, no arithmetic. */
const minutesOf = ({ timeZone, from }: (typeof windows)[number]): Minute[] => {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return Array.from({ length: WINDOW_MINUTES }, (_, place) => {
    const moment = new Date(Date.parse(from) + (place + 1) * 60_000);
    const text = format.format(moment);
    return {
      at: moment.toISOString(),
      text,
      minute: Number(text.slice(14, 16)),
      hour: Number(text.slice(11, 13)),
      day: Number(text.slice(8, 10)),
      weekday: new Date(text.slice(0, 10)).getUTCDay() + 1,
    };
  });
};
const shown = windows.map((window) => ({ ...window, minutes: minutesOf(window) }));

/** The definition of a firing, read off the wall clock: what fits fires, unless the clock has shown it before. */
const firesBy = (minutes: Minute[], fits: (minute: Minute) => boolean): string[] => {
  const before = new Set<string>();
  return minutes
    .filter(({ text }) => {
      const isFirst = !before.has(text);
      before.add(text);
      return isFirst;
    })
    .filter(fits)
    .map(({ at }) => at);
};

const some = (from: number, to: number, most = 4) =>
  fc.uniqueArray(fc.integer({ min: from, max: to }), { minLength: 1, maxLength: most });
const anyTime = { minutes: some(0, 59, 3), hours: some(0, 4, 4) };

const firingsIn = (rule: ScheduleRule, { from, minutes }: (typeof shown)[number]): string[] =>
  nextFirings(
    { ...rule, endAt: minutes.at(-1)?.at },
    { after: from, countsFrom: from, count: WINDOW_MINUTES },
  ).map(({ at }) => at);
const ruleOf = (fields: object): ScheduleInput => scheduleInput.parse({ name: 'nightly', ...fields });

describe('firings of a cron expression are what the wall clock shows, minute by minute', () => {
  test('by days of the week', () => {
    const arbitrary = fc.record({ window: fc.constantFrom(...shown), ...anyTime, days: some(1, 7) });
    fc.assert(
      fc.property(arbitrary, ({ window, minutes, hours, days }) => {
        const expression = `${minutes.join(',')} ${hours.join(',')} ? * ${days.join(',')} *`;
        const rule = ruleOf({ frequency: { type: 'cron', expression }, timeZone: window.timeZone });
        const fits = (one: Minute) =>
          minutes.includes(one.minute) && hours.includes(one.hour) && days.includes(one.weekday);
        expect(firingsIn(rule, window)).toEqual(firesBy(window.minutes, fits));
      }),
    );
  });

  test('by days of the month, with a step', () => {
    const arbitrary = fc.record({
      window: fc.constantFrom(...shown),
      hours: anyTime.hours,
      first: fc.integer({ min: 0, max: 20 }),
      step: fc.integer({ min: 1, max: 40 }),
      days: some(1, 31, 20),
    });
    fc.assert(
      fc.property(arbitrary, ({ window, first, step, hours, days }) => {
        const expression = `${first}/${step} ${hours.join(',')} ${days.join(',')} * ? 2026-2027`;
        const rule = ruleOf({ frequency: { type: 'cron', expression }, timeZone: window.timeZone });
        const fits = (one: Minute) =>
          one.minute >= first &&
          (one.minute - first) % step === 0 &&
          hours.includes(one.hour) &&
          days.includes(one.day);
        expect(firingsIn(rule, window)).toEqual(firesBy(window.minutes, fits));
      }),
    );
  });
});

const time = fc
  .record({ hours: fc.integer({ min: 0, max: 23 }), minutes: fc.integer({ min: 0, max: 59 }) })
  .map(({ hours, minutes }) => `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`);
const frequency = fc.oneof(
  fc.record({
    type: fc.constant('hourly'),
    everyHours: fc.constantFrom(1, 2, 3, 4, 6, 8, 12),
    minute: fc.integer({ min: 0, max: 59 }),
  }),
  fc.record({ type: fc.constant('daily'), time }),
  fc.record({
    type: fc.constant('weekly'),
    daysOfWeek: fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1 }),
    time,
  }),
  fc.record({
    type: fc.constant('monthly'),
    dayOfMonth: fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constant('last')),
    time,
  }),
);
const rate = fc.record({
  type: fc.constant('rate'),
  value: fc.integer({ min: 1, max: 366 }),
  unit: fc.constantFrom('minutes', 'hours', 'days'),
});
const moment = fc
  .integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) })
  .map((number) => new Date(number).toISOString());
const timeZone = fc.constantFrom('UTC', ...windows.map((window) => window.timeZone));

test('firings come in order, none before the start or after the end, each as its local time says', () => {
  const arbitrary = fc.record({
    frequency: fc.oneof(frequency, rate),
    timeZone,
    startAt: fc.option(moment, { nil: undefined }),
    endAt: fc.option(moment, { nil: undefined }),
    after: moment,
  });
  fc.assert(
    fc.property(arbitrary, ({ after, ...rule }) => {
      const found = nextFirings(ruleOf(rule), { after, countsFrom: after, count: 8 });
      const ats = found.map(({ at }) => at);
      expect(ats).toEqual([...new Set(ats)].toSorted());
      for (const { at, localTime } of found) {
        expect(new Date(localTime).toISOString()).toBe(at);
        expect(at > after && at >= (rule.startAt ?? '') && at <= (rule.endAt ?? '9')).toBe(true);
      }
      expect(rule.endAt !== undefined || found.length === 8).toBe(true);
      // Asked again after one of them, the rest comes.
      const again = { after: found[0]?.at ?? after, countsFrom: after, count: 7 };
      expect(nextFirings(ruleOf(rule), again)).toEqual(found.slice(1));
    }),
  );
});

test('a preset fires as its cron expression', () => {
  fc.assert(
    fc.property(fc.record({ frequency, timeZone, after: moment }), ({ after, ...rule }) => {
      const { expression } = expressionOf(ruleOf(rule));
      const asked = { after, countsFrom: after, count: 6 };
      expect(nextFirings(ruleOf({ ...rule, frequency: { type: 'cron', expression } }), asked)).toEqual(
        nextFirings(ruleOf(rule), asked),
      );
    }),
  );
});
