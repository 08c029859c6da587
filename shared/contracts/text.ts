import * as z from 'zod';

/**
 * Rules for text that clients write. A length is looked at first and ends the checks, so that no expression below ever
 * sees a text longer than its field may be.
 */

const LONE_SURROGATE = 'is no well-formed Unicode';

/** Text without control characters other than tab and line ends; nothing else survives a terminal, a log or a template. */
export const plainText = (max: number) =>
  z
    .string()
    .max(max, { abort: true })
    // oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused
    .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$/, 'holds a control character')
    .refine((value) => value.isWellFormed(), LONE_SURROGATE);

/** Whether Packer leaves a text alone: it would render `{{`, in some fields twice, and knows no escape for it. */
export const noTemplate = (value: string): boolean => !value.includes('{{') && !value.includes('}}');

/** Text that reaches Packer's template. */
export const templateSafeText = (max: number) => plainText(max).refine(noTemplate, 'must not hold {{ or }}');

/**
 * What joins emoji to one picture: the zero-width joiner between two pictures and the selectors after one. Anywhere
 * else they are invisible.
 */
const EMOJI_GLUE =
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})|(?<=\p{Emoji})[\ufe0e\ufe0f]/gu;

/**
 * What a name must not hold, because people could not see it, not tell it from another name or not type it. `Cf` holds
 * zero-width characters, changes of direction and tags; what is `Default_Ignorable_Code_Point` is drawn as nothing;
 * U+2800 is a Braille pattern without a dot.
 */
const nameFaults: [expression: RegExp, detail: string][] = [
  [/[\t\n\v\f\r\u0085\p{Zl}\p{Zp}]/u, 'has more than one line or holds a tab'],
  [/\p{Cc}/u, 'holds a control character'],
  [/\p{Cs}/u, LONE_SURROGATE],
  [/^ | $/u, 'begins or ends with a space'],
  [/(?! )\p{Zs}|\u2800/u, 'holds a space that is not the ordinary one'],
  [/[\p{Cf}\p{Default_Ignorable_Code_Point}]/u, 'holds an invisible character'],
  [/\p{Co}/u, 'holds a private-use character'],
  [/\p{Cn}/u, 'holds a code point that is no character'],
  // UTS #39, section 5.4: no script that is written needs more than four marks on one letter.
  [/^\p{M}|\p{M}{5}/u, 'begins with a combining mark or piles up more than four'],
];

/** Alphabets with letters that look the same, such as `a` in Latin and in Cyrillic (UTS #39). */
const alphabets: [name: string, letter: RegExp][] = [
  ['Latin', /\p{Script=Latin}/u],
  // Ohm and micro stand behind digits and Latin letters.
  ['Greek', /(?![Ωμ])\p{Script=Greek}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Coptic', /\p{Script=Coptic}/u],
];

/** Why a word cannot be told from another one: letters of two alphabets. Between words they may change. */
const mixedWord = (value: string): string | undefined => {
  for (const [word] of value.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    const found = alphabets.filter(([, letter]) => letter.test(word)).map(([name]) => name);
    if (found.length > 1) return `mixes letters of the alphabets ${found.join(' and ')} in one word`;
  }
  return undefined;
};

/** What is wrong with a text as a name, the first thing only; undefined when nothing is. */
export const nameFault = (value: string): string | undefined => {
  const withoutGlue = value.replace(EMOJI_GLUE, '');
  return nameFaults.find(([expression]) => expression.test(withoutGlue))?.[1] ?? mixedWord(value);
};

const demandName = (context: z.core.ParsePayload<string>): void => {
  const message = nameFault(context.value);
  if (message !== undefined) {
    context.issues.push({ code: 'custom', message, input: context.value, path: [] });
  }
};

/** Longest name of an entity, in UTF-16 units. */
const MAX_NAME = 100;

/** Name of an entity, shown to people, on one line; kept in Unicode's normal form C. */
export const entityName = z
  .string()
  .normalize('NFC')
  .min(1)
  .max(MAX_NAME, { abort: true })
  .check(demandName)
  .meta({
    description:
      'One line, no space at its ends, kept in normal form C. No control, invisible, private-use or unassigned ' +
      'characters, no spaces but the ordinary one, no word in letters of two alphabets that look alike.',
  });

/** Most entries, told in the message and in the OpenAPI document. */
export const mapOf = <K extends z.core.$ZodRecordKey, V extends z.core.$ZodType>(
  key: K,
  value: V,
  max: number,
  noun: string,
) =>
  z
    .record(key, value)
    .refine((map) => Object.keys(map).length <= max, {
      error: `at most ${max} ${noun}`,
      // Also beside faults of single entries: every wrong thing is named at once.
      when: ({ value: map }) => typeof map === 'object' && map !== null,
    })
    .meta({ maxProperties: max });

/** A list in which nothing may stand twice; each repetition is named. For lists whose order or multiplicity means nothing. */
export const uniqueList = <T extends z.ZodType<string, string>>(item: T, max: number) =>
  z
    .array(item)
    .max(max)
    .check(({ value, issues }) => {
      const seen = new Set<string>();
      for (const [index, one] of value.entries()) {
        if (seen.has(one))
          issues.push({ code: 'custom', message: 'stands in the list twice', input: one, path: [index] });
        seen.add(one);
      }
    })
    .meta({ uniqueItems: true });

const tagKey = z
  .string()
  .min(1)
  .max(128, { abort: true })
  .regex(/^[^:]*$/, 'a tag key holds no colon')
  .check(demandName)
  .refine((key) => key.normalize('NFC') === key, 'is not in the normal form C of Unicode');

/** `tags`: keys without `:`, so that `?tag=key:value` can be split at the first colon. */
export const tags = mapOf(tagKey, plainText(256), 50, 'tags');

export const description = plainText(2000);
