import { describe, expect, test } from 'vitest';
import {
  resourceChange,
  resourceInput,
  resourceVersionInput,
} from '../../../../shared/contracts/entities/resource.ts';
import { patchOf } from '../../../../shared/contracts/patch.ts';
import { fieldErrors } from '../../../../shared/runtime/api/read-request.ts';

const GIB = 1024 ** 3;
const sha256 = '0f'.repeat(32);
const body = (fields: object = {}) => ({
  name: 'setup',
  fileName: 'setup.sh',
  sizeBytes: 1,
  sha256,
  ...fields,
});
const pointersOf = (fields: object): string[] => {
  const parsed = resourceInput.safeParse(body(fields));
  return parsed.success ? [] : [...new Set(fieldErrors(parsed.error).map(({ pointer }) => pointer))];
};

describe('an announced file (S90)', () => {
  test.each([
    { fileName: 'Größe – 日本語 📦.tar.gz' },
    { fileName: 'x' },
    { fileName: '..hidden' },
    { fileName: 'a..b' },
    { fileName: 'ä'.repeat(127) },
    { sizeBytes: 5 * GIB },
    { sha256: sha256.toUpperCase() },
  ])('is taken: %j', (fields) => {
    expect(pointersOf(fields)).toEqual([]);
  });

  test.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '/etc/passwd',
    'a\nb',
    'a\u0000b',
    'a\u0085b',
    'a\u2028b',
    'gpj\u202Eexe.sh',
    'a\u2066b',
    ' a',
    'a ',
    '\ud800',
    'ä'.repeat(128),
    'x'.repeat(256),
    7,
    null,
  ])('is no file name: %j', (fileName) => {
    expect(pointersOf({ fileName })).toEqual(['/fileName']);
  });

  test.each([0, -1, 0.5, 5 * GIB + 1, '12', null, Number.NaN])('has no such size: %j', (sizeBytes) => {
    expect(pointersOf({ sizeBytes })).toEqual(['/sizeBytes']);
  });

  test.each([
    '',
    'f'.repeat(63),
    'f'.repeat(65),
    'g'.repeat(64),
    `${'f'.repeat(64)}\n`,
    Buffer.from(sha256, 'hex').toString('base64'),
    null,
  ])('has no such SHA-256: %j', (value) => {
    expect(pointersOf({ sha256: value })).toEqual(['/sha256']);
  });

  test('is told everything that is wrong at once', () => {
    expect(pointersOf({ fileName: 'a/b', sizeBytes: 0, sha256: 'x', id: 'res_1' }).toSorted()).toEqual([
      '/fileName',
      '/id',
      '/sha256',
      '/sizeBytes',
    ]);
  });

  test('keeps its checksum in small letters', () => {
    expect(resourceInput.parse(body({ sha256: sha256.toUpperCase() })).sha256).toBe(sha256);
    expect(resourceVersionInput.parse({ sizeBytes: 1, sha256: sha256.toUpperCase() }).sha256).toBe(sha256);
  });
});

test.each(['fileName', 'sizeBytes', 'sha256', 'versions', 'state'])('a patch cannot touch %s', (name) => {
  const patch = patchOf(resourceChange, 'Patch');
  expect(patch.safeParse({ name: 'other', description: null }).success).toBe(true);
  expect(patch.safeParse({ [name]: null }).success).toBe(false);
});
