import { formsOf, MIN_SECRET_CHARACTERS } from './secret-forms.ts';

/** What stands in a log line in place of a secret. */
export const REDACTED = '<redacted>';

export type Redactor = {
  /** Adds values that must not leave the machine from now on. Gives how many are too short to be hidden. */
  add: (secrets: readonly string[]) => number;
  /**
   * The text without secrets. `isCut`: the text was longer; then as much is dropped at its end as the longest
   * secret could reach into it.
   */
  redact: (text: string, isCut?: boolean) => string;
};

/** Number of slots of the filter of first two characters; 2^16 of one byte each. */
const SLOTS = 0x1_0000;
const slotOf = (first: number, second: number): number => (first * 31 + second) & (SLOTS - 1);

/**
 * Takes secrets out of single lines. Its cost hardly grows with the number of secrets: two characters of each
 * position are looked up in a filter, and only where they begin some form of a secret the forms are compared.
 * Forms that overlap are hidden together, so that no end of one is left over.
 */
export const createRedactor = (): Redactor => {
  const known = new Set<string>();
  const bySlot = new Map<number, string[]>();
  const filter = new Uint8Array(SLOTS);
  let longest = 0;

  const learn = (form: string): void => {
    if (known.has(form)) return;
    known.add(form);
    longest = Math.max(longest, form.length);
    const slot = slotOf(form.charCodeAt(0), form.charCodeAt(1));
    filter[slot] = 1;
    bySlot.set(
      slot,
      [...(bySlot.get(slot) ?? []), form].toSorted((a, b) => b.length - a.length),
    );
  };
  /** Length of the longest form that begins at `at`; 0 for none. */
  const matchAt = (text: string, at: number): number => {
    const slot = slotOf(text.charCodeAt(at), text.charCodeAt(at + 1));
    if (filter[slot] === 0) return 0;
    return bySlot.get(slot)?.find((form) => text.startsWith(form, at))?.length ?? 0;
  };
  return {
    add: (secrets) => {
      const values = secrets.filter((secret) => secret.trim() !== '');
      for (const form of values.flatMap(formsOf)) learn(form);
      return values.filter((secret) => secret.trim().length < MIN_SECRET_CHARACTERS).length;
    },
    redact: (text, isCut = false) =>
      replaceMatches(text, matchAt, isCut ? text.length - longest + 1 : text.length),
  };
};

/** Replaces all matches and drops what begins at `end` or later. */
const replaceMatches = (text: string, matchAt: (text: string, at: number) => number, end: number): string => {
  let result = '';
  let copied = 0;
  let hiddenTo = -1;
  for (let at = 0; at < end; at += 1) {
    const length = matchAt(text, at);
    if (length === 0) continue;
    if (at > hiddenTo) result += text.slice(copied, at) + REDACTED;
    hiddenTo = Math.max(hiddenTo, at + length);
    copied = hiddenTo;
  }
  return copied === 0 && end >= text.length ? text : result + text.slice(copied, Math.max(copied, end));
};
