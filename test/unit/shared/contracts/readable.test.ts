import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readable } from '../../../../shared/contracts/readable.ts';

const strict = {
  name: z
    .string()
    .min(3)
    .regex(/^[a-z]+$/),
  size: z.int().min(10).optional(),
  ratio: z.number().max(1),
  kind: z.enum(['a', 'b']),
  address: z.ipv4(),
  list: z.array(z.strictObject({ deep: z.string().max(1) })).max(1),
  map: z.record(z.string().regex(/^k/), z.int().max(1)),
  either: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('x'), x: z.string().max(1) }),
    z.strictObject({ type: z.literal('y'), y: z.boolean() }),
  ]),
  version: z.string().min(5).default('latest'),
};
const row = {
  name: 'N1',
  size: 1,
  ratio: 2.5,
  kind: 'b',
  address: 'here',
  list: [{ deep: 'deeper' }, { deep: '' }],
  map: { other: 99 },
  either: { type: 'x', x: 'long' },
};

describe('what lies in the table', () => {
  test('is read although a rule for writing it has changed', () => {
    expect(z.object(strict).safeParse(row).success).toBe(false);
    expect(z.object(readable(strict)).parse(row)).toEqual({ ...row, version: 'latest' });
  });

  test.each([
    ['another type', { ...row, ratio: '2.5' }],
    ['a missing field', { ...row, name: undefined }],
    ['a part of a number', { ...row, size: 1.5 }],
    ['an unknown choice', { ...row, kind: 'c' }],
    ['an unknown variant', { ...row, either: { type: 'z' } }],
    ['a list that is none', { ...row, list: 'x' }],
  ])('is not read with %s', (_case, wrong) => {
    expect(z.object(readable(strict)).safeParse(wrong).success).toBe(false);
  });

  test('loses fields that are gone', () => {
    const read = z.object(readable(strict)).parse({ ...row, list: [{ deep: 'a', gone: 1 }], gone: 1 });
    expect(JSON.stringify(read)).not.toContain('gone');
  });
});
