import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entityName } from '../../../../shared/contracts/text.ts';
import { foldName } from '../../../../shared/domain/fold-name.ts';

describe('names that people take for the same fold to the same', () => {
  test.each([
    ['Web Server', 'wEB sERVER'],
    ['Köln', 'KO\u0308LN'],
    ['Straße', 'STRASSE'],
    ['Straße', 'STRAẞE'],
    ['ΟΔΟΣ', 'οδος'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['Kelvin', '\u212aelvin'],
    ['ﬁle', 'FILE'],
    ['Ａｐａｃｈｅ', 'apache'],
    ['ﾃｽﾄ', 'テスト'],
    ['①', '1'],
    ['𝐖𝐞𝐛', 'web'],
    ['❤️', '❤'],
    ['ПРИВЕТ', 'привет'],
    ['сор', 'cop'],
    ['СОР', 'COP'],
    ['ΑΧΕ', 'axe'],
    ['օսց', 'oug'],
    ['а\u0323', 'ạ'],
  ])('%s and %s', (one, other) => {
    expect(foldName(one)).toBe(foldName(other));
  });
});

test.each([
  ['web', 'web1'],
  ['é', 'e'],
  ['a b', 'ab'],
  ['カ', 'ガ'],
  ['и', 'й'],
])('%s and %s stay apart', (one, other) => {
  expect(foldName(one)).not.toBe(foldName(other));
});

test('folding is done once, whatever the case and the form it came in (S22)', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    .filter((text) => entityName.safeParse(text).success && !text.normalize('NFKD').includes('\u0345'));
  // An iota below a Greek letter becomes a letter of its own in capitals, behind marks that stood before it.
  const anything = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .filter((text) => !text.normalize('NFKD').includes('\u0345'));
  fc.assert(
    fc.property(fc.oneof(name, anything), (text) => {
      const folded = foldName(text);
      expect(foldName(folded)).toBe(folded);
      expect(foldName(text.toUpperCase())).toBe(folded);
      expect(foldName(text.toLowerCase())).toBe(folded);
      for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD']) expect(foldName(text.normalize(form))).toBe(folded);
    }),
    { numRuns: 1000 },
  );
});
