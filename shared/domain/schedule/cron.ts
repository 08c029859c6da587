/**
 * The grammar of a cron expression of EventBridge Scheduler, as its user guide has it ("Schedule types", cron-based):
 * six fields, `?` in exactly one of the two day fields, days of the week from 1 = Sunday. What the guide does not name
 * (steps in the days of the week, `LW`, ranges that go over the end) is refused: AWS would refuse it at the first save.
 */

type Field = {
  name: string;
  min: number;
  max: number;
  names?: readonly string[];
  /** What may stand here alone. */
  alone?: string;
};

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] as const;
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

const dayOfMonth: Field = { name: 'day-of-month', min: 1, max: 31, alone: 'L or 15W' };
const dayOfWeek: Field = { name: 'day-of-week', min: 1, max: 7, names: days, alone: '6L or 6#3' };
const fields: Field[] = [
  { name: 'minutes', min: 0, max: 59 },
  { name: 'hours', min: 0, max: 23 },
  dayOfMonth,
  { name: 'month', min: 1, max: 12, names: months },
  dayOfWeek,
  { name: 'year', min: 1970, max: 2199 },
];

/** A field in the words of EventBridge Scheduler and in those of croner. */
type Read = { aws: string; croner: string };
type Result<T> = { read: T } | { problem: string };

const numberIn = (text: string, field: Field): number | undefined => {
  const named = field.names?.indexOf(text) ?? -1;
  if (named >= 0) return field.min + named;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return number >= field.min && number <= field.max ? number : undefined;
};

const bounds = ({ min, max, names, alone }: Field): string =>
  `${min} to ${max}${names === undefined ? '' : ` or ${names[0]} to ${names.at(-1)}`}${alone === undefined ? '' : `, or ${alone} alone`}`;

/** First and last of `*`, `5`, `5-9`; a step after a single value goes on to the field's end. */
const readRange = (text: string, field: Field, stepped: boolean): Result<[number, number]> => {
  if (text === '*') return { read: [field.min, field.max] };
  const [from = '', to, ...more] = text.split('-');
  const first = numberIn(from, field);
  const last = to === undefined ? (stepped ? field.max : first) : numberIn(to, field);
  if (first === undefined || last === undefined || more.length > 0)
    return { problem: `${text || 'nothing'} is not ${bounds(field)}` };
  return first <= last ? { read: [first, last] } : { problem: `${text} begins after its end` };
};

/** One member of a list: a value or a range, with a step or without. */
const readMember = (text: string, field: Field): Result<string> => {
  const [range = '', step, ...more] = text.split('/');
  const found = readRange(range, field, step !== undefined);
  if ('problem' in found) return found;
  const [first, last] = found.read;
  const plain = first === last && step === undefined ? String(first) : `${first}-${last}`;
  if (step === undefined) return { read: plain };
  if (field === dayOfWeek) return { problem: 'a step is not possible here' };
  const size = /^\d{1,4}$/.test(step) && more.length === 0 ? Number(step) : 0;
  return size >= 1 && size <= field.max - field.min
    ? { read: `${plain}/${size}` }
    : { problem: `${text} has no step of 1 to ${field.max - field.min}` };
};

/** `L`, `15W` of the days of the month; `L` (Saturday), `6L`, `6#3` of the days of the week. They stand alone. */
const readSpecial = (text: string, field: Field): Read | undefined => {
  if (field === dayOfMonth) {
    const nearest = numberIn(/^(\d{1,2})W$/.exec(text)?.[1] ?? '', field);
    if (nearest !== undefined) return { aws: `${nearest}W`, croner: `${nearest}W` };
    return text === 'L' ? { aws: 'L', croner: 'L' } : undefined;
  }
  if (field !== dayOfWeek) return undefined;
  if (text === 'L') return { aws: 'L', croner: '7' };
  const [, day = '', last, nth] = /^(\w+?)(?:(L)|#([1-5]))$/.exec(text) ?? [];
  const number = numberIn(day, field);
  if (number === undefined) return undefined;
  return last === undefined
    ? { aws: `${number}#${nth}`, croner: `${number}#${nth}` }
    : { aws: `${number}L`, croner: `${number}#L` };
};

const readField = (text: string, field: Field): Result<Read> => {
  if (text === '?')
    return field === dayOfMonth || field === dayOfWeek
      ? { read: { aws: '?', croner: '*' } }
      : { problem: '? belongs into a day field' };
  const special = readSpecial(text, field);
  if (special !== undefined) return { read: special };
  const members = text.split(',').map((member) => readMember(member, field));
  const problems = members.flatMap((member) => ('problem' in member ? [member.problem] : []));
  if (problems.length > 0) return { problem: problems.join(', ') };
  const list = members.flatMap((member) => ('read' in member ? [member.read] : [])).join(',');
  // croner looks on to the year 3000 for a year of `*`; the range ends its search where ours ends.
  return { read: { aws: text, croner: text === '*' && field.name !== 'year' ? '*' : list } };
};

/** Reads six fields (upper case, one space between them). `problems` names each wrong field. */
export const readCron = (expression: string): { read: Read } | { problems: string[] } => {
  const texts = expression.split(' ');
  if (texts.length !== fields.length)
    return {
      problems: [`has ${texts.length} fields, not six: minutes hours day-of-month month day-of-week year`],
    };
  const results = fields.map((field, place) => ({ field, result: readField(texts[place] ?? '', field) }));
  const problems = results.flatMap(({ field, result }) =>
    'problem' in result ? [`${field.name}: ${result.problem}`] : [],
  );
  if ((texts[2] === '?') === (texts[4] === '?'))
    problems.push('exactly one of day-of-month and day-of-week must be ?');
  if (problems.length > 0) return { problems };
  const read = results.flatMap(({ result }) => ('read' in result ? [result.read] : []));
  return {
    read: { aws: read.map(({ aws }) => aws).join(' '), croner: read.map(({ croner }) => croner).join(' ') },
  };
};
