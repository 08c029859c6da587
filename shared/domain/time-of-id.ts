/** Crockford's base 32, in which a ULID is written. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The first ten characters of a ULID are its time in milliseconds. */
const TIME_CHARACTERS = 10;

/** When an id of ours was made, as a time stamp. */
export const timeOfId = (id: string): string => {
  const ulid = id.slice(id.indexOf('_') + 1);
  let time = 0;
  for (const digit of ulid.slice(0, TIME_CHARACTERS)) time = time * DIGITS.length + DIGITS.indexOf(digit);
  return new Date(time).toISOString();
};
