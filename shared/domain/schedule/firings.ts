import { Cron } from 'croner';
import type { ScheduleRule } from '../../contracts/entities/schedule.ts';
import { readCron } from './cron.ts';
import { cronFieldsOf, IncompleteRule } from './expression.ts';
import { endOfGap, localTime, momentOf, wallClockAt, wholeSecond } from './zone.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const unitLength = { minutes: MINUTE, hours: 60 * MINUTE, days: 1440 * MINUTE };

/** A firing to come, as the API tells it. */
export type ComingFiring = { at: string; localTime: string };

/** What is asked of a rule: firings after a moment. `countsFrom` is when the schedule was made: a rate without start begins there. */
export type Asked = { after: string; countsFrom: string; count: number };

/**
 * The calendar of six fields on a wall clock. It is croner's, which knows no time zone here: where clocks change it goes
 * on as cron does, and EventBridge Scheduler does otherwise.
 */
const calendarOf = (fields: string): Cron => {
  const cron = readCron(fields);
  if ('problems' in cron) throw new IncompleteRule('valid cron expression');
  const options = { mode: '7-part', alternativeWeekdays: true, utcOffset: 0, paused: true } as const;
  return new Cron(`0 ${cron.read.croner}`, options);
};

/**
 * A time that the clocks leave out is skipped; one that they read twice fires once, at the first. Ends in the year 2199
 * at the latest, after one look for each change of the clocks that swallows all there is.
 */
function* cronMoments(fields: string, timeZone: string, after: number): Generator<number> {
  const calendar = calendarOf(fields);
  let next = calendar.nextRun(new Date(wallClockAt(after, timeZone)));
  while (next !== null) {
    const moment = momentOf(next.getTime(), timeZone);
    if (moment !== undefined && moment > after) yield moment;
    const from = moment === undefined ? endOfGap(next.getTime(), timeZone) - SECOND : next.getTime();
    next = calendar.nextRun(new Date(from));
  }
}

function* rateMoments(interval: number, first: number, after: number): Generator<number> {
  const passed = Math.max(0, Math.floor((after - first) / interval) + 1);
  for (let moment = first + passed * interval; ; moment += interval) yield moment;
}

/** When `once` fires; undefined when the wall clock never reads so, or nothing says when. */
export const onceMoment = (rule: ScheduleRule): number | undefined => {
  if (rule.frequency.type !== 'once') return undefined;
  const at = rule.frequency.at ?? rule.startAt;
  if (at === undefined) return undefined;
  return at.endsWith('Z') ? wholeSecond(at) : momentOf(Date.parse(`${at}Z`), rule.timeZone);
};

const momentsOf = (rule: ScheduleRule, asked: Omit<Asked, 'count'>): Iterable<number> => {
  const { frequency, startAt, timeZone } = rule;
  const after = Math.max(
    Date.parse(asked.after),
    startAt === undefined ? -Infinity : Date.parse(startAt) - 1,
  );
  if (frequency.type === 'once') return [onceMoment(rule) ?? -Infinity].filter((moment) => moment > after);
  if (frequency.type === 'rate') {
    const interval = frequency.value * unitLength[frequency.unit];
    // Without a start the first firing is one interval after the schedule was made, not at once: saving builds nothing.
    const first = startAt === undefined ? wholeSecond(asked.countsFrom) + interval : wholeSecond(startAt);
    return rateMoments(interval, first, after);
  }
  return cronMoments(cronFieldsOf(rule, frequency), timeZone, after);
};

/**
 * The next firings of a rule, strictly after a moment and in order, exactly as EventBridge Scheduler fires: none before
 * `startAt` or after `endAt`; a local time that the clocks leave out is skipped, one that comes twice fires once; days
 * of a rate are 24 hours. Fewer than asked when the rule ends. Throws IncompleteRule when `gapsIn` has something to say.
 */
export const nextFirings = (rule: ScheduleRule, asked: Asked): ComingFiring[] => {
  const end = rule.endAt === undefined ? Infinity : Date.parse(rule.endAt);
  const firings: ComingFiring[] = [];
  for (const moment of momentsOf(rule, asked)) {
    if (moment > end) break;
    firings.push({ at: new Date(moment).toISOString(), localTime: localTime(moment, rule.timeZone) });
    if (firings.length >= asked.count) break;
  }
  return firings;
};
