import { describe, expect, test } from 'vitest';
import { scheduleInput } from '../../../../../shared/contracts/entities/schedule.ts';
import { nextFirings } from '../../../../../shared/domain/schedule/firings.ts';

const ruleOf = (fields: object) => scheduleInput.parse({ name: 'nightly', ...fields });
const firings = (fields: object, after: string, count = 3) =>
  nextFirings(ruleOf(fields), { after, countsFrom: after, count });
const moments = (fields: object, after: string, count = 3) =>
  firings(fields, after, count).map(({ at }) => at.replace(':00.000Z', 'Z'));
const cron = (expression: string, timeZone = 'UTC') => ({
  frequency: { type: 'cron', expression },
  timeZone,
});
const daily = (time: string, timeZone: string) => ({ frequency: { type: 'daily', time }, timeZone });

describe('a time of day in a time zone (S115)', () => {
  test.each([
    ['UTC', '2026-06-01T00:00:00.000Z', ['2026-06-01T02:30Z', '2026-06-02T02:30Z', '2026-06-03T02:30Z']],
    // Clocks forward on 29 March at 02:00, back on 25 October at 03:00.
    [
      'Europe/Berlin',
      '2026-03-28T00:00:00.000Z',
      ['2026-03-28T01:30Z', '2026-03-30T00:30Z', '2026-03-31T00:30Z'],
    ],
    [
      'Europe/Berlin',
      '2026-10-24T00:00:00.000Z',
      ['2026-10-24T00:30Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
    // Forward on 8 March at 02:00.
    [
      'America/New_York',
      '2026-03-07T00:00:00.000Z',
      ['2026-03-07T07:30Z', '2026-03-09T06:30Z', '2026-03-10T06:30Z'],
    ],
    [
      'Asia/Kolkata',
      '2026-03-28T00:00:00.000Z',
      ['2026-03-28T21:00Z', '2026-03-29T21:00Z', '2026-03-30T21:00Z'],
    ],
    // Half an hour: forward on 4 October from 02:00 to 02:30, which is there.
    [
      'Australia/Lord_Howe',
      '2026-10-02T20:00:00.000Z',
      ['2026-10-03T15:30Z', '2026-10-04T15:30Z', '2026-10-05T15:30Z'],
    ],
    [
      'Pacific/Chatham',
      '2026-06-01T00:00:00.000Z',
      ['2026-06-01T13:45Z', '2026-06-02T13:45Z', '2026-06-03T13:45Z'],
    ],
  ])('02:30 in %s after %s', (timeZone, after, expected) => {
    expect(moments(daily('02:30', timeZone), after)).toEqual(expected);
  });

  test('is told as it is on the wall there, with its offset', () => {
    expect(firings(daily('03:00', 'Europe/Berlin'), '2026-03-28T12:00:00.000Z', 1)).toEqual([
      { at: '2026-03-29T01:00:00.000Z', localTime: '2026-03-29T03:00:00+02:00' },
    ]);
    expect(firings(daily('03:00', 'America/St_Johns'), '2026-01-01T00:00:00.000Z', 1)[0]?.localTime).toBe(
      '2026-01-01T03:00:00-03:30',
    );
  });
});

describe('clocks that are set back', () => {
  test.each([
    // The hour from 01:00 to 02:00 comes twice on 1 November.
    [
      'America/New_York',
      '30 1 * * ? *',
      '2026-11-01T00:00:00.000Z',
      ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
    ],
    [
      'America/New_York',
      '0/30 1 * * ? *',
      '2026-11-01T05:00:00.000Z',
      ['2026-11-01T05:30Z', '2026-11-02T06:00Z'],
    ],
    // Asked in the middle of the second pass.
    [
      'America/New_York',
      '0/30 * * * ? *',
      '2026-11-01T06:15:00.000Z',
      ['2026-11-01T07:00Z', '2026-11-01T07:30Z'],
    ],
    // 01:30 to 02:00 comes twice on 5 April.
    [
      'Australia/Lord_Howe',
      '45 1 * * ? *',
      '2026-04-04T12:00:00.000Z',
      ['2026-04-04T14:45Z', '2026-04-05T15:15Z'],
    ],
    [
      'Europe/Berlin',
      '0/30 * * * ? *',
      '2026-10-25T00:15:00.000Z',
      ['2026-10-25T00:30Z', '2026-10-25T02:00Z'],
    ],
  ])('fire once, at the first of the two: %s %s after %s', (timeZone, expression, after, expected) => {
    expect(moments(cron(expression, timeZone), after, 2)).toEqual(expected);
  });
});

describe('clocks that are set forward', () => {
  test.each([
    [
      'Europe/Berlin',
      '0/30 * * * ? *',
      '2026-03-29T00:45:00.000Z',
      ['2026-03-29T01:00Z', '2026-03-29T01:30Z'],
    ],
    ['Europe/Berlin', '59 2 * * ? *', '2026-03-28T12:00:00.000Z', ['2026-03-30T00:59Z', '2026-03-31T00:59Z']],
    [
      'Australia/Lord_Howe',
      '15 2 * * ? *',
      '2026-10-03T00:00:00.000Z',
      ['2026-10-04T15:15Z', '2026-10-05T15:15Z'],
    ],
    // Two hours are left out.
    [
      'Antarctica/Troll',
      '30 1 * * ? *',
      '2026-03-28T12:00:00.000Z',
      ['2026-03-29T23:30Z', '2026-03-30T23:30Z'],
    ],
  ])('skip what is left out: %s %s after %s', (timeZone, expression, after, expected) => {
    expect(moments(cron(expression, timeZone), after, 2)).toEqual(expected);
  });
});

describe('cron expressions', () => {
  const from = '2026-01-01T00:00:00.000Z';
  test.each([
    ['0 12 ? * 1 *', ['2026-01-04T12:00Z', '2026-01-11T12:00Z', '2026-01-18T12:00Z']],
    ['0 12 ? * SUN *', ['2026-01-04T12:00Z', '2026-01-11T12:00Z', '2026-01-18T12:00Z']],
    ['0 12 ? * 7 *', ['2026-01-03T12:00Z', '2026-01-10T12:00Z', '2026-01-17T12:00Z']],
    ['0 12 ? * L *', ['2026-01-03T12:00Z', '2026-01-10T12:00Z', '2026-01-17T12:00Z']],
    ['0 12 ? * 2-6 *', ['2026-01-01T12:00Z', '2026-01-02T12:00Z', '2026-01-05T12:00Z']],
    ['0 12 ? * MON-FRI *', ['2026-01-01T12:00Z', '2026-01-02T12:00Z', '2026-01-05T12:00Z']],
    ['0 12 ? * TUE,SAT *', ['2026-01-03T12:00Z', '2026-01-06T12:00Z', '2026-01-10T12:00Z']],
    // Patches come on the second Tuesday.
    ['0 12 ? * 3#2 *', ['2026-01-13T12:00Z', '2026-02-10T12:00Z', '2026-03-10T12:00Z']],
    ['0 12 ? * TUE#2 *', ['2026-01-13T12:00Z', '2026-02-10T12:00Z', '2026-03-10T12:00Z']],
    ['0 12 ? * 2#5 *', ['2026-03-30T12:00Z', '2026-06-29T12:00Z', '2026-08-31T12:00Z']],
    ['0 12 ? * 6L *', ['2026-01-30T12:00Z', '2026-02-27T12:00Z', '2026-03-27T12:00Z']],
    ['0 12 L * ? *', ['2026-01-31T12:00Z', '2026-02-28T12:00Z', '2026-03-31T12:00Z']],
    ['0 12 31 * ? *', ['2026-01-31T12:00Z', '2026-03-31T12:00Z', '2026-05-31T12:00Z']],
    // 1 February and 1 March are Sundays: the next weekday of the same month.
    ['0 12 1W * ? *', ['2026-01-01T12:00Z', '2026-02-02T12:00Z', '2026-03-02T12:00Z']],
    // 31 January is a Saturday: the Friday before.
    ['0 12 31W * ? *', ['2026-01-30T12:00Z', '2026-03-31T12:00Z', '2026-05-29T12:00Z']],
    ['0 12 29 2 ? *', ['2028-02-29T12:00Z', '2032-02-29T12:00Z', '2036-02-29T12:00Z']],
    ['0 12 29 FEB ? 2096-2104', ['2096-02-29T12:00Z', '2104-02-29T12:00Z']],
    ['0 0 1 1 ? 2030', ['2030-01-01T00:00Z']],
    ['0 0 1 1 ? 2027-2040/5', ['2027-01-01T00:00Z', '2032-01-01T00:00Z', '2037-01-01T00:00Z']],
    ['5/20 3 1 * ? *', ['2026-01-01T03:05Z', '2026-01-01T03:25Z', '2026-01-01T03:45Z']],
    ['0-10/5,59 3 1 * ? *', ['2026-01-01T03:00Z', '2026-01-01T03:05Z', '2026-01-01T03:10Z']],
    ['0 12 1/15 JAN,DEC ? *', ['2026-01-01T12:00Z', '2026-01-16T12:00Z', '2026-01-31T12:00Z']],
    ['cron(0 12 1 1/6 ? *)', ['2026-01-01T12:00Z', '2026-07-01T12:00Z', '2027-01-01T12:00Z']],
  ])('%s', (expression, expected) => {
    expect(moments(cron(expression), from)).toEqual(expected);
  });

  test('that fit seldom are found all the same, and the search ends with the years', () => {
    expect(moments(cron('0 0 ? 2 2#5 *'), from, 5)).toEqual([
      '2044-02-29T00:00Z',
      '2072-02-29T00:00Z',
      '2112-02-29T00:00Z',
      '2140-02-29T00:00Z',
      '2168-02-29T00:00Z',
    ]);
    expect(moments(cron('0 0 31 2 ? *'), from)).toEqual([]);
    // Each last Sunday of March the clocks there leave out this hour.
    expect(moments(cron('* 2 ? 3 1L *', 'Europe/Berlin'), from)).toEqual([]);
  });
});

describe('presets', () => {
  const from = '2026-01-30T10:00:00.000Z';
  const of = (frequency: object) => ({ frequency, timeZone: 'UTC' });
  test.each([
    [{ type: 'hourly' }, ['2026-01-30T11:00Z', '2026-01-30T12:00Z', '2026-01-30T13:00Z']],
    [
      { type: 'hourly', everyHours: 12, minute: 15 },
      ['2026-01-30T12:15Z', '2026-01-31T00:15Z', '2026-01-31T12:15Z'],
    ],
    [{ type: 'daily', time: '09:05' }, ['2026-01-31T09:05Z', '2026-02-01T09:05Z', '2026-02-02T09:05Z']],
    [
      { type: 'weekly', daysOfWeek: ['SAT', 'MON'], time: '22:00' },
      ['2026-01-31T22:00Z', '2026-02-02T22:00Z', '2026-02-07T22:00Z'],
    ],
    [
      { type: 'monthly', dayOfMonth: 31, time: '00:00' },
      ['2026-01-31T00:00Z', '2026-03-31T00:00Z', '2026-05-31T00:00Z'],
    ],
    [
      { type: 'monthly', dayOfMonth: 'last', time: '00:00' },
      ['2026-01-31T00:00Z', '2026-02-28T00:00Z', '2026-03-31T00:00Z'],
    ],
    [
      { type: 'rate', value: 90, unit: 'minutes' },
      ['2026-01-30T11:30Z', '2026-01-30T13:00Z', '2026-01-30T14:30Z'],
    ],
    [{ type: 'once', at: '2026-02-01T00:00:00' }, ['2026-02-01T00:00Z']],
  ])('%j', (frequency, expected) => {
    expect(moments(of(frequency), from)).toEqual(expected);
  });

  test('take what they do not say from the start, on the wall clock of their zone (S119)', () => {
    // In Tokyo it is Sunday, 1 February, 04:30.
    const start = { startAt: '2026-01-31T19:30:00Z', timeZone: 'Asia/Tokyo' };
    const next = (frequency: object) => moments({ frequency, ...start }, from, 2);
    expect(next({ type: 'hourly' })).toEqual(['2026-01-31T19:30Z', '2026-01-31T20:30Z']);
    expect(next({ type: 'daily' })).toEqual(['2026-01-31T19:30Z', '2026-02-01T19:30Z']);
    expect(next({ type: 'weekly' })).toEqual(['2026-01-31T19:30Z', '2026-02-07T19:30Z']);
    expect(next({ type: 'monthly' })).toEqual(['2026-01-31T19:30Z', '2026-02-28T19:30Z']);
    expect(next({ type: 'once' })).toEqual(['2026-01-31T19:30Z']);
  });
});

describe('start and end', () => {
  test('a rate counts from its start, also from one long past; a day is 24 hours', () => {
    const weekly = {
      frequency: { type: 'rate', value: 7, unit: 'days' },
      startAt: '2026-03-01T09:00:00+01:00',
      timeZone: 'Europe/Berlin',
    };
    expect(firings(weekly, '2026-03-20T00:00:00.000Z', 2)).toEqual([
      { at: '2026-03-22T08:00:00.000Z', localTime: '2026-03-22T09:00:00+01:00' },
      { at: '2026-03-29T08:00:00.000Z', localTime: '2026-03-29T10:00:00+02:00' },
    ]);
    expect(moments(weekly, '2026-02-01T00:00:00.000Z', 1)).toEqual(['2026-03-01T08:00Z']);
  });

  test('a rate without start counts from its creation, and saving it fires nothing', () => {
    const rule = ruleOf({ frequency: { type: 'rate', value: 1, unit: 'hours' } });
    const made = '2026-01-01T10:20:30.400Z';
    expect(nextFirings(rule, { after: made, countsFrom: made, count: 1 })[0]?.at).toBe(
      '2026-01-01T11:20:31.000Z',
    );
    const later = { after: '2026-01-01T15:00:00.000Z', countsFrom: made, count: 1 };
    expect(nextFirings(rule, later)[0]?.at).toBe('2026-01-01T15:20:31.000Z');
  });

  test('both are part of what is between them', () => {
    const between = { startAt: '2026-01-02T03:00:00Z', endAt: '2026-01-04T03:00:00Z' };
    const expected = ['2026-01-02T03:00Z', '2026-01-03T03:00Z', '2026-01-04T03:00Z'];
    expect(moments({ ...daily('03:00', 'UTC'), ...between }, '2026-01-01T00:00:00.000Z', 5)).toEqual(
      expected,
    );
    const rate = { frequency: { type: 'rate', value: 1, unit: 'days' }, ...between };
    expect(moments(rate, '2026-01-01T00:00:00.000Z', 5)).toEqual(expected);
  });

  test('only what comes after the moment that is asked for', () => {
    expect(moments(daily('03:00', 'UTC'), '2026-01-01T03:00:00.000Z', 1)).toEqual(['2026-01-02T03:00Z']);
    expect(moments(daily('03:00', 'UTC'), '2026-01-01T02:59:59.999Z', 1)).toEqual(['2026-01-01T03:00Z']);
    expect(
      moments({ frequency: { type: 'once', at: '2026-01-01T03:00:00Z' } }, '2026-01-01T03:00:00.000Z'),
    ).toEqual([]);
  });
});

test('once on a wall clock that is set back is the first; a moment with an offset is that moment', () => {
  const at = (text: string) => ({ frequency: { type: 'once', at: text }, timeZone: 'Europe/Berlin' });
  expect(moments(at('2026-10-25T02:30'), '2026-01-01T00:00:00.000Z')).toEqual(['2026-10-25T00:30Z']);
  expect(moments(at('2026-10-25T02:30:00+01:00'), '2026-01-01T00:00:00.000Z')).toEqual(['2026-10-25T01:30Z']);
});
