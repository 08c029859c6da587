/**
 * Moments and wall clocks. A wall clock reading is kept as the milliseconds that the same reading in UTC would have:
 * so calendars can be reckoned without a time zone, and the zone comes in only here.
 */

const DAY = 86_400_000;

/** Formatters are slow to make; a process that is asked about many zones does not keep them all. */
const MAX_FORMATTERS = 32;
const formatters = new Map<string, Intl.DateTimeFormat>();

const formatterOf = (timeZone: string): Intl.DateTimeFormat => {
  const kept = formatters.get(timeZone);
  if (kept !== undefined) return kept;
  if (formatters.size >= MAX_FORMATTERS) formatters.clear();
  const made = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(timeZone, made);
  return made;
};

/** What the wall clock of a zone reads at a moment, both in milliseconds, to the second. */
export const wallClockAt = (moment: number, timeZone: string): number => {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatterOf(timeZone).formatToParts(moment)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

const offsetAt = (moment: number, timeZone: string): number =>
  wallClockAt(moment, timeZone) - Math.floor(moment / 1000) * 1000;

/**
 * The moment at which a wall clock reads this. Where clocks are set back and it reads so twice, the first of the two;
 * undefined where clocks are set forward and it never does.
 */
export const momentOf = (wallClock: number, timeZone: string): number | undefined => {
  // Clocks change by a day at most, and never twice in two days: one of these two offsets is the one that holds.
  const offsets = [offsetAt(wallClock - DAY, timeZone), offsetAt(wallClock + DAY, timeZone)];
  const fitting = offsets
    .map((offset) => wallClock - offset)
    .filter((moment) => wallClockAt(moment, timeZone) === wallClock);
  return fitting.length === 0 ? undefined : Math.min(...fitting);
};

/** For a wall clock reading that never is: the first reading after the clocks were set forward. */
export const endOfGap = (wallClock: number, timeZone: string): number => {
  const before = offsetAt(wallClock - DAY, timeZone);
  // The clocks change between the two moments that would read so by the offset after and by the one before.
  let early = wallClock - offsetAt(wallClock + DAY, timeZone);
  let late = wallClock - before;
  while (late - early > 1000) {
    const middle = Math.floor((early + late) / 2000) * 1000;
    if (offsetAt(middle, timeZone) === before) early = middle;
    else late = middle;
  }
  return wallClockAt(late, timeZone);
};

/** A moment in milliseconds. EventBridge Scheduler keeps time in seconds; what lies within one begins at the next. */
export const wholeSecond = (time: string): number => Math.ceil(Date.parse(time) / 1000) * 1000;

/** A wall clock reading without offset: `2030-01-31T03:00:00`. */
export const wallClockText = (wallClock: number): string =>
  new Date(wallClock).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length);

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** A moment as RFC 3339 on the wall clock of a zone: `2030-01-31T03:00:00+01:00`. */
export const localTime = (moment: number, timeZone: string): string => {
  const minutes = Math.round(offsetAt(moment, timeZone) / 60_000);
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
  return `${wallClockText(wallClockAt(moment, timeZone))}${offset}`;
};
