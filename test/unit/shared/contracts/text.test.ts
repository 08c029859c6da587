import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { timestampInput } from '../../../../shared/contracts/common.ts';
import {
  entityName,
  mapOf,
  nameFault,
  plainText,
  tags,
  uniqueList,
} from '../../../../shared/contracts/text.ts';

const faultsOf = (schema: z.ZodType, value: unknown): [string, string][] =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => [path.join('/'), message]) ?? [];
const faultOf = (schema: z.ZodType, value: unknown) => faultsOf(schema, value)[0]?.[1] ?? 'accepted';

describe('a name', () => {
  test.each([
    'Windows11-BaseImage',
    'Ubuntu 24.04 (Köln, Straße 5)',
    'naïve café',
    'Привет мир',
    'Сервер-Web 2',
    'Ελληνικά Server',
    '東京のベースイメージ v2',
    '한국어 이미지',
    'صورة الخادم',
    'תמונת שרת',
    'สวัสดี',
    'हिन्दी',
    '🚀 rocket',
    '👩‍🚀 astronaut',
    '👩🏽‍💻❤️‍🔥',
    '🏳️‍🌈',
    '1️⃣ first',
    '5 µm',
    '!"§$%&/()=?',
    'ＦＵＬＬ width',
    '½ of it',
    'constructor',
  ])('%s is fine', (name) => {
    expect(nameFault(name)).toBeUndefined();
    expect(entityName.parse(name)).toBe(name.normalize('NFC'));
  });

  test.each([
    ['a NUL', 'a\u0000b', 'holds a control character'],
    ['an escape', 'a\u001b[31m', 'holds a control character'],
    ['a C1 control', 'a\u009b31m', 'holds a control character'],
    ['DEL', 'a\u007f', 'holds a control character'],
    ['a line end', 'a\nb', 'has more than one line or holds a tab'],
    ['a tab', 'a\tb', 'has more than one line or holds a tab'],
    ['NEL', 'a\u0085b', 'has more than one line or holds a tab'],
    ['a line separator', 'a\u2028b', 'has more than one line or holds a tab'],
    ['a paragraph separator', 'a\u2029b', 'has more than one line or holds a tab'],
    ['a space at its end', 'a ', 'begins or ends with a space'],
    ['a space before it', ' a', 'begins or ends with a space'],
    ['nothing but a space', ' ', 'begins or ends with a space'],
    ['a no-break space', 'a\u00a0b', 'holds a space that is not the ordinary one'],
    ['an ideographic space', 'a\u3000b', 'holds a space that is not the ordinary one'],
    ['a thin space', 'a\u2009b', 'holds a space that is not the ordinary one'],
    ['an empty Braille pattern', 'a\u2800b', 'holds a space that is not the ordinary one'],
    ['a zero-width space', 'a\u200bb', 'holds an invisible character'],
    ['a zero-width joiner in a word', 'a\u200db', 'holds an invisible character'],
    ['a zero-width non-joiner', 'a\u200cb', 'holds an invisible character'],
    ['a byte order mark', '\ufeffa', 'holds an invisible character'],
    ['a soft hyphen', 'a\u00adb', 'holds an invisible character'],
    ['a word joiner', 'a\u2060b', 'holds an invisible character'],
    ['a change of direction', 'a\u202egnp.exe', 'holds an invisible character'],
    ['an isolate', 'a\u2066b\u2069', 'holds an invisible character'],
    ['a right-to-left mark', 'a\u200fb', 'holds an invisible character'],
    ['tag characters', 'a\u{e0061}\u{e007f}', 'holds an invisible character'],
    ['a Hangul filler', 'a\u3164b', 'holds an invisible character'],
    ['a selector after a letter', 'a\ufe0fb', 'holds an invisible character'],
    ['an ideographic selector', '葛\u{e0100}', 'holds an invisible character'],
    ['a private-use character', 'a\ue000', 'holds a private-use character'],
    ['one of a private plane', 'a\u{f0000}', 'holds a private-use character'],
    ['a code point without a character', 'a\u0378', 'holds a code point that is no character'],
    ['a non-character', 'a\ufffe', 'holds a code point that is no character'],
    ['half a character', 'a\ud800', 'is no well-formed Unicode'],
    ['a mark at its begin', '\u0301a', 'begins with a combining mark or piles up more than four'],
    ['a pile of marks', `a${'\u0316'.repeat(5)}`, 'begins with a combining mark or piles up more than four'],
    ['Cyrillic а in a Latin word', 'pаypal', 'mixes letters of the alphabets Latin and Cyrillic in one word'],
    ['Greek ο in a Latin word', 'Wοrd', 'mixes letters of the alphabets Latin and Greek in one word'],
    ['Cyrillic after a digit', 'v2с', 'mixes letters of the alphabets Latin and Cyrillic in one word'],
    ['Greek in a Cyrillic word', 'Сοр', 'mixes letters of the alphabets Greek and Cyrillic in one word'],
    ['Armenian օ in a Latin word', 'gօogle', 'mixes letters of the alphabets Latin and Armenian in one word'],
  ])('with %s is refused and told why', (_what, name, detail) => {
    expect(faultOf(entityName, name)).toBe(detail);
  });

  test('is kept in normal form C', () => {
    expect(entityName.parse('Ko\u0308ln')).toBe('K\u00f6ln');
  });

  test('has a length', () => {
    expect(faultOf(entityName, '')).toMatch(/Too small/);
    expect(faultOf(entityName, 'x'.repeat(100))).toBe('accepted');
    expect(faultsOf(entityName, '\u0000'.repeat(101))).toEqual([['', expect.stringMatching(/<=100/)]]);
  });

  test('that is accepted is accepted again as it was kept, and shows on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (text) => {
        const kept = entityName.safeParse(text).data;
        fc.pre(kept !== undefined);
        expect(entityName.parse(kept)).toBe(kept);
        expect(kept).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u);
      }),
      { numRuns: 500 },
    );
  });
});

describe('other text', () => {
  test.each(['a\u0000b', '\u0007', '\u001b[2J', '\u007f', '\u009b31m', '\u0085'])(
    '%j is refused',
    (value) => {
      expect(faultOf(plainText(100), value)).toBe('holds a control character');
    },
  );

  test('of half a character is refused', () => {
    expect(faultOf(plainText(100), 'half \ud800')).toBe('is no well-formed Unicode');
  });

  test.each(['two\r\nlines', 'tab\there', 'a\u00a0b', 'p\u0430ypal', '👩‍🚀'])('%j is fine', (value) => {
    expect(faultOf(plainText(100), value)).toBe('accepted');
  });
});

describe('tags', () => {
  test.each([
    ['a:b', 'a tag key holds no colon'],
    [' a', 'begins or ends with a space'],
    ['a\u0000', 'holds a control character'],
    ['a\u200bb', 'holds an invisible character'],
    ['te\u0430m', 'mixes letters of the alphabets Latin and Cyrillic in one word'],
    ['Ko\u0308ln', 'is not in the normal form C of Unicode'],
  ])('have no key %j', (key, detail) => {
    const [issue] = tags.safeParse({ [key]: 'v' }).error?.issues ?? [];
    expect(issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue).toBe(detail);
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', 'Größe'])('may have the key %s', (key) => {
    expect(tags.parse({ [key]: 'v' })).toEqual({ [key]: 'v' });
  });

  test('are at most 50, also told beside a wrong one', () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, n === 7 ? 7 : 'v']));
    expect(faultsOf(tags, many)).toEqual([
      ['k7', expect.stringMatching(/expected string/)],
      ['', 'at most 50 tags'],
    ]);
  });

  test.each([null, 'text', [], 5])('are no %j', (value) => {
    expect(faultsOf(tags, value)).toHaveLength(1);
  });
});

test('a map tells its limit to the OpenAPI document', () => {
  expect(mapOf(z.string(), z.string(), 7, 'things').meta()).toMatchObject({ maxProperties: 7 });
});

test('a list without repetitions names each one', () => {
  const list = uniqueList(z.string(), 5);
  expect(faultsOf(list, ['a', 'b', 'a', 'c', 'a'])).toEqual([
    ['2', 'stands in the list twice'],
    ['4', 'stands in the list twice'],
  ]);
  expect(list.parse(['a', 'b'])).toEqual(['a', 'b']);
  expect(faultsOf(list, 'abcdef'.split(''))).toEqual([['', expect.stringMatching(/<=5/)]]);
});

describe('a time that is written', () => {
  test.each([
    ['2030-01-31T12:00:00Z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31T12:00:00.123456789+02:00', '2030-01-31T10:00:00.123Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['1969-12-31T23:30:00-01:00', '1970-01-01T00:30:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('%s is kept as %s', (written, kept) => {
    expect(timestampInput.parse(written)).toBe(kept);
  });

  test.each([
    '1969-12-31T23:59:59.999Z',
    '0000-01-01T00:00:00+23:59',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59-00:01',
    '9999-12-31T23:59:59-23:59',
  ])('%s is not between 1970 and 9999', (written) => {
    expect(faultOf(timestampInput, written)).toBe('is not between 1970 and 9999');
  });

  test.each([
    '2030-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2030-01-01T24:00:00Z',
    '2030-01-01T00:00:60Z',
    '2030-01-01T00:00:00',
    '2030-01-01',
    '+010000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '2030-01-01T00:00:00+24:00',
    'tomorrow',
    '',
    '1893456000',
    1_893_456_000,
    null,
  ])('%j is no RFC 3339 time', (written) => {
    expect(faultOf(timestampInput, written)).toMatch(/^is no RFC 3339 time/);
  });

  test('is no longer than it needs to be', () => {
    expect(faultsOf(timestampInput, `2030-01-01T00:00:00.${'1'.repeat(100_000)}Z`)).toHaveLength(1);
  });

  test('never throws anything but a refusal', () => {
    const shape = fc.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/);
    fc.assert(
      fc.property(shape, (text) => {
        const { data } = timestampInput.safeParse(text);
        expect(data ?? '1970-01-01T00:00:00.000Z').toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      }),
      { numRuns: 1000 },
    );
  });
});
