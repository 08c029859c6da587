import { type Frequency, type ScheduleRule, weekdays } from '../../contracts/entities/schedule.ts';
import { readCron } from './cron.ts';
import { wallClockAt, wallClockText, wholeSecond } from './zone.ts';

/** What EventBridge Scheduler is told: a schedule expression and the time zone that it is read in. */
export type SchedulerExpression = { expression: string; timeZone: string };

type Of<T extends Frequency['type']> = Extract<Frequency, { type: T }>;

/** A rule that lacks what neither it nor its `startAt` says; whoever builds an expression has asked `gapsIn` before. */
export class IncompleteRule extends Error {
  constructor(what: string) {
    super(`the rule says no ${what}`);
    this.name = 'IncompleteRule';
  }
}

const startOnWallClock = (rule: ScheduleRule): Date | undefined =>
  rule.startAt === undefined ? undefined : new Date(wallClockAt(Date.parse(rule.startAt), rule.timeZone));

const demand = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new IncompleteRule(what);
  return value;
};

/** Minutes and hours of a rule that fires once a day at most. */
const timeFields = (rule: ScheduleRule, time: string | undefined): string => {
  const start = startOnWallClock(rule);
  if (time === undefined) {
    const from = demand(start, 'time of day');
    return `${from.getUTCMinutes()} ${from.getUTCHours()}`;
  }
  const [hours, minutes] = time.split(':');
  return `${Number(minutes)} ${Number(hours)}`;
};

const hourlyFields = (rule: ScheduleRule, { everyHours = 1, minute }: Of<'hourly'>): string => {
  const at = minute ?? startOnWallClock(rule)?.getUTCMinutes() ?? 0;
  return `${at} ${everyHours === 1 ? '*' : `0/${everyHours}`} * * ? *`;
};

const weeklyFields = (rule: ScheduleRule, { daysOfWeek, time }: Of<'weekly'>): string => {
  const start = startOnWallClock(rule);
  const days = daysOfWeek ?? [demand(start && weekdays[start.getUTCDay()], 'day of the week')];
  return `${timeFields(rule, time)} ? * ${days.join(',')} *`;
};

const monthlyFields = (rule: ScheduleRule, { dayOfMonth, time }: Of<'monthly'>): string => {
  const day = dayOfMonth ?? demand(startOnWallClock(rule)?.getUTCDate(), 'day of the month');
  return `${timeFields(rule, time)} ${day === 'last' ? 'L' : day} * ? *`;
};

const awsFields = ({ expression }: Of<'cron'>): string => {
  const cron = readCron(expression);
  return demand('read' in cron ? cron.read.aws : undefined, 'valid cron expression');
};

/** What is a calendar on a wall clock; a rate and a moment are none. */
type CalendarFrequency = Exclude<Frequency, { type: 'rate' | 'once' }>;

/** The six fields of a rule with such a frequency. Throws IncompleteRule. */
export const cronFieldsOf = (rule: ScheduleRule, frequency: CalendarFrequency): string => {
  switch (frequency.type) {
    case 'hourly':
      return hourlyFields(rule, frequency);
    case 'daily':
      return `${timeFields(rule, frequency.time)} * * ? *`;
    case 'weekly':
      return weeklyFields(rule, frequency);
    case 'monthly':
      return monthlyFields(rule, frequency);
    case 'cron':
    default:
      return awsFields(frequency);
  }
};

const rateExpression = ({ value, unit }: Of<'rate'>): string =>
  `rate(${value} ${value === 1 ? unit.slice(0, -1) : unit})`;

/** A moment is told in UTC: on a wall clock that is set back it would be read as the first of two. */
const onceExpression = (rule: ScheduleRule, { at }: Of<'once'>): SchedulerExpression => {
  const text = at ?? demand(rule.startAt, 'moment');
  return text.endsWith('Z')
    ? { expression: `at(${wallClockText(wholeSecond(text))})`, timeZone: 'UTC' }
    : { expression: `at(${text})`, timeZone: rule.timeZone };
};

/**
 * What EventBridge Scheduler is told for a rule. Start and end are arguments of their own there. Throws IncompleteRule
 * when the rule lacks something that `gapsIn` names.
 */
export const expressionOf = (rule: ScheduleRule): SchedulerExpression => {
  const { frequency, timeZone } = rule;
  if (frequency.type === 'once') return onceExpression(rule, frequency);
  if (frequency.type === 'rate') return { expression: rateExpression(frequency), timeZone };
  return { expression: `cron(${cronFieldsOf(rule, frequency)})`, timeZone };
};
