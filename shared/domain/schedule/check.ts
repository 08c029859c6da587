import type { Frequency, ScheduleRule } from '../../contracts/entities/schedule.ts';
import type { FieldError } from '../../contracts/problem.ts';
import { readCron } from './cron.ts';
import { nextFirings, onceMoment } from './firings.ts';

/** What a frequency takes from `startAt` when it does not say it itself. */
const fromStart: Record<Frequency['type'], [field: string, what: string][]> = {
  hourly: [],
  daily: [['time', 'at what time']],
  weekly: [
    ['daysOfWeek', 'on which days'],
    ['time', 'at what time'],
  ],
  monthly: [
    ['dayOfMonth', 'on which day'],
    ['time', 'at what time'],
  ],
  cron: [],
  rate: [],
  once: [['at', 'when']],
};

/** What neither the frequency nor `startAt` says. */
const gapsIn = ({ frequency, startAt }: ScheduleRule): FieldError[] => {
  if (startAt !== undefined) return [];
  const said = new Map(Object.entries(frequency));
  return fromStart[frequency.type]
    .filter(([field]) => said.get(field) === undefined)
    .map(([field, what]) => ({
      pointer: `/frequency/${field}`,
      code: 'no-start-time',
      detail: `neither this nor /startAt says ${what}`,
    }));
};

const badCron = ({ frequency }: ScheduleRule): FieldError[] => {
  const cron = frequency.type === 'cron' ? readCron(frequency.expression) : { problems: [] };
  const problems = 'problems' in cron ? cron.problems : [];
  return problems.map((detail) => ({ pointer: '/frequency/expression', code: 'bad-cron', detail }));
};

const badEnd = ({ startAt, endAt }: ScheduleRule): FieldError[] =>
  startAt !== undefined && endAt !== undefined && endAt <= startAt
    ? [{ pointer: '/endAt', code: 'ends-before-start', detail: 'is not after /startAt' }]
    : [];

/** The field to blame for a rule that never fires. */
const culprit = (rule: ScheduleRule, fires: (rule: ScheduleRule) => boolean): string => {
  const { frequency, endAt, startAt } = rule;
  if (endAt !== undefined && fires({ ...rule, endAt: undefined })) return '/endAt';
  if (frequency.type === 'once') return frequency.at === undefined ? '/startAt' : '/frequency/at';
  const isLate = startAt !== undefined && frequency.type === 'cron' && fires({ ...rule, startAt: undefined });
  return isLate ? '/startAt' : '/frequency/expression';
};

/**
 * Everything that is wrong with a rule beyond its shape, asked at a moment: a cron expression that is none, a start time
 * that nothing says, an end before the start, a local time that does not exist, a rule that fires never or never again.
 */
export const ruleErrors = (rule: ScheduleRule, now: string): FieldError[] => {
  const errors = [...gapsIn(rule), ...badCron(rule), ...badEnd(rule)];
  if (errors.length > 0) return errors;
  if (rule.frequency.type === 'once' && onceMoment(rule) === undefined) {
    const detail = `the clocks of ${rule.timeZone} leave out this time`;
    return [{ pointer: '/frequency/at', code: 'no-such-local-time', detail }];
  }
  const fires = (one: ScheduleRule) => nextFirings(one, { after: now, countsFrom: now, count: 1 }).length > 0;
  if (fires(rule)) return [];
  return [{ pointer: culprit(rule, fires), code: 'never-fires', detail: 'leaves no firing from now on' }];
};

/** A firing that comes within its window must not be late by that. */
export const toleranceErrors = (tolerances: {
  maxLatenessSeconds?: number | undefined;
  flexibleWindowSeconds?: number | undefined;
}): FieldError[] => {
  const { maxLatenessSeconds = Infinity, flexibleWindowSeconds = 0 } = tolerances;
  if (maxLatenessSeconds >= flexibleWindowSeconds) return [];
  const detail = 'is shorter than /flexibleWindowSeconds: firings in time would be skipped';
  return [{ pointer: '/maxLatenessSeconds', code: 'shorter-than-window', detail }];
};
