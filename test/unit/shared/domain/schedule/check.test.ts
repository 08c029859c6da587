import { describe, expect, test } from 'vitest';
import { scheduleInput } from '../../../../../shared/contracts/entities/schedule.ts';
import { ruleErrors } from '../../../../../shared/domain/schedule/check.ts';
import { expressionOf, IncompleteRule } from '../../../../../shared/domain/schedule/expression.ts';

const now = '2026-06-01T00:00:00.000Z';
const ruleOf = (fields: object) => scheduleInput.parse({ name: 'nightly', ...fields });
const errors = (fields: object) => ruleErrors(ruleOf(fields), now);
const cron = (expression: string) => ({ frequency: { type: 'cron', expression } });

describe('a cron expression that is none is refused by the names of its wrong fields', () => {
  test.each([
    ['60 24 0 13 ? 2200', ['minutes', 'hours', 'day-of-month', 'month', 'year']],
    ['a b c d ? e', ['minutes', 'hours', 'day-of-month', 'month', 'year']],
    ['? 12 ? * 2 *', ['minutes']],
    ['0 12 ? * 0 *', ['day-of-week']],
    ['0 12 ? * 8 *', ['day-of-week']],
    ['0 12 ? * MONDAY *', ['day-of-week']],
    ['0 12 ? * 2#0 *', ['day-of-week']],
    ['0 12 ? * 2#6 *', ['day-of-week']],
    ['0 12 ? * 8L *', ['day-of-week']],
    ['0 12 ? * 3#1,6#3 *', ['day-of-week']],
    ['0 12 ? * 2-6/2 *', ['day-of-week']],
    ['0 12 ? * FRI-MON *', ['day-of-week']],
    ['0 12 32W * ? *', ['day-of-month']],
    ['0 12 W * ? *', ['day-of-month']],
    ['0 12 LW * ? *', ['day-of-month']],
    ['0 12 L-3 * ? *', ['day-of-month']],
    ['0 12 15,L * ? *', ['day-of-month']],
    ['0 12 ?,1 * ? *', ['day-of-month']],
    ['0 12 2#1 * ? *', ['day-of-month']],
    ['L 12 1 * ? *', ['minutes']],
    ['0/0 12 * * ? *', ['minutes']],
    ['0/60 12 * * ? *', ['minutes']],
    ['*/x 12 * * ? *', ['minutes']],
    ['1/2/3 12 * * ? *', ['minutes']],
    ['-5 12 * * ? *', ['minutes']],
    ['5- 12 * * ? *', ['minutes']],
    ['1-2-3 12 * * ? *', ['minutes']],
    ['10-5 12 * * ? *', ['minutes']],
    [', 12 * * ? *', ['minutes']],
    ['1, 12 * * ? *', ['minutes']],
    ['1.5 12 * * ? *', ['minutes']],
    ['1e1 12 * * ? *', ['minutes']],
    ['0 12 * __PROTO__ ? *', ['month']],
    ['0 12 * * ? 1969', ['year']],
  ])('%s', (expression, fields) => {
    const found = errors(cron(expression));
    expect(new Set(found.map(({ pointer, code }) => `${pointer} ${code}`))).toEqual(
      new Set(['/frequency/expression bad-cron']),
    );
    expect(found.map(({ detail }) => /^exactly one|^[a-z-]+/.exec(detail)?.[0])).toEqual(fields);
  });

  test.each([
    ['0 12 * * * *', 'exactly one of day-of-month and day-of-week must be ?'],
    ['0 12 ? * ? *', 'exactly one of day-of-month and day-of-week must be ?'],
    ['0 12 1 * 2 *', 'exactly one of day-of-month and day-of-week must be ?'],
    ['0 0 12 * * ? *', 'has 7 fields, not six: minutes hours day-of-month month day-of-week year'],
    ['0 12 * * ?', 'has 5 fields, not six: minutes hours day-of-month month day-of-week year'],
    ['@daily     @daily', 'has 2 fields, not six: minutes hours day-of-month month day-of-week year'],
  ])('%s', (expression, detail) => {
    expect(errors(cron(expression))).toEqual([
      { pointer: '/frequency/expression', code: 'bad-cron', detail },
    ]);
  });
});

describe('a rule that can never fire is refused by the field to blame', () => {
  const frequency = { type: 'daily', time: '03:00' };
  test.each([
    ['31 February', cron('0 0 31 2 ? *'), '/frequency/expression'],
    ['29 February of years that have none', cron('0 0 29 2 ? 2100'), '/frequency/expression'],
    ['the weekday nearest to 30 February', cron('0 0 30W 2 ? *'), '/frequency/expression'],
    ['a year that is over', cron('0 0 1 1 ? 2020-2025'), '/frequency/expression'],
    [
      'an hour that the clocks leave out',
      { ...cron('30 2 ? 3 1L *'), timeZone: 'Europe/Berlin' },
      '/frequency/expression',
    ],
    [
      'a start after the last year',
      { ...cron('0 0 1 1 ? 2030'), startAt: '2031-01-01T00:00:00Z' },
      '/startAt',
    ],
    ['an end before the first year', { ...cron('0 0 1 1 ? 2030'), endAt: '2029-01-01T00:00:00Z' }, '/endAt'],
    ['an end that is over', { frequency, endAt: '2026-05-01T00:00:00Z' }, '/endAt'],
    ['an end before the first firing', { frequency, endAt: '2026-06-01T02:59:59Z' }, '/endAt'],
    [
      'an end before the first step of a rate',
      { frequency: { type: 'rate', value: 2, unit: 'days' }, endAt: '2026-06-02T00:00:00Z' },
      '/endAt',
    ],
    ['a moment that is over', { frequency: { type: 'once', at: '2026-05-31T23:59:59' } }, '/frequency/at'],
    [
      'a start that is over, once',
      { frequency: { type: 'once' }, startAt: '2026-05-01T00:00:00Z' },
      '/startAt',
    ],
    [
      'once before the start',
      { frequency: { type: 'once', at: '2026-07-01T00:00:00' }, startAt: '2026-08-01T00:00:00Z' },
      '/frequency/at',
    ],
    [
      'once after the end',
      { frequency: { type: 'once', at: '2026-07-01T00:00:00' }, endAt: '2026-06-30T00:00:00Z' },
      '/endAt',
    ],
  ])('%s', (_, fields, pointer) => {
    expect(errors(fields)).toEqual([
      { pointer, code: 'never-fires', detail: 'leaves no firing from now on' },
    ]);
  });

  test('an end before the start is named, whatever the frequency (S119)', () => {
    const bounds = { startAt: '2027-01-02T00:00:00Z', endAt: '2027-01-01T00:00:00Z' };
    expect(errors({ frequency, ...bounds })).toMatchObject([
      { pointer: '/endAt', code: 'ends-before-start' },
    ]);
    expect(errors({ frequency, ...bounds, endAt: bounds.startAt })).toHaveLength(1);
    expect(errors({ ...cron('0 0 31 2 * *'), ...bounds }).map(({ pointer }) => pointer)).toEqual([
      '/frequency/expression',
      '/endAt',
    ]);
  });

  test('a wall clock that never reads so', () => {
    const at = (text: string) => ({ frequency: { type: 'once', at: text }, timeZone: 'America/New_York' });
    expect(errors(at('2027-03-14T02:30'))).toMatchObject([
      { pointer: '/frequency/at', code: 'no-such-local-time' },
    ]);
    expect(errors(at('2027-03-14T03:00'))).toEqual([]);
  });
});

test.each([
  ['daily', ['/frequency/time']],
  ['weekly', ['/frequency/daysOfWeek', '/frequency/time']],
  ['monthly', ['/frequency/dayOfMonth', '/frequency/time']],
  ['once', ['/frequency/at']],
])('%s without a time of its own needs a start (S119)', (type, pointers) => {
  const rule = ruleOf({ frequency: { type } });
  expect(ruleErrors(rule, now).map(({ pointer, code }) => ({ pointer, code }))).toEqual(
    pointers.map((pointer) => ({ pointer, code: 'no-start-time' })),
  );
  expect(() => expressionOf(rule)).toThrow(IncompleteRule);
  expect(errors({ frequency: { type }, startAt: '2026-06-02T00:00:00Z' })).toEqual([]);
});

describe('what EventBridge Scheduler is told', () => {
  const berlin = { timeZone: 'Europe/Berlin', startAt: '2026-07-05T01:15:00Z' };
  test.each([
    [{ type: 'hourly' }, 'cron(15 * * * ? *)'],
    [{ type: 'hourly', everyHours: 6, minute: 0 }, 'cron(0 0/6 * * ? *)'],
    [{ type: 'daily' }, 'cron(15 3 * * ? *)'],
    [{ type: 'daily', time: '00:05' }, 'cron(5 0 * * ? *)'],
    [{ type: 'weekly' }, 'cron(15 3 ? * SUN *)'],
    [{ type: 'weekly', daysOfWeek: ['MON', 'FRI'], time: '22:00' }, 'cron(0 22 ? * MON,FRI *)'],
    [{ type: 'monthly' }, 'cron(15 3 5 * ? *)'],
    [{ type: 'monthly', dayOfMonth: 'last', time: '12:00' }, 'cron(0 12 L * ? *)'],
    [{ type: 'cron', expression: ' cron(0  3 ? jan fri#1 *) ' }, 'cron(0 3 ? JAN 6#1 *)'],
    [{ type: 'cron', expression: '0 3 ? * thul 2026-2030' }, 'cron(0 3 ? * 5L 2026-2030)'],
    [{ type: 'rate', value: 1, unit: 'hours' }, 'rate(1 hour)'],
    [{ type: 'rate', value: 5, unit: 'minutes' }, 'rate(5 minutes)'],
    [{ type: 'once', at: '2026-07-06T03:00' }, 'at(2026-07-06T03:00:00)'],
  ])('%j', (frequency, expression) => {
    expect(expressionOf(ruleOf({ frequency, ...berlin }))).toEqual({ expression, timeZone: 'Europe/Berlin' });
  });

  test('a moment is told in UTC', () => {
    const expected = { expression: 'at(2026-10-25T01:30:00)', timeZone: 'UTC' };
    const at = '2026-10-25T02:30:00+01:00';
    expect(expressionOf(ruleOf({ frequency: { type: 'once', at }, ...berlin }))).toEqual(expected);
    expect(expressionOf(ruleOf({ frequency: { type: 'once' }, ...berlin, startAt: at }))).toEqual(expected);
  });
});
