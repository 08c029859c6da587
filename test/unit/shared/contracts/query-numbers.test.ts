import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { routes } from '../../../../shared/contracts/routes/index.ts';

/** Every whole number that a query takes, by route and name. */
const numbers = Object.entries(routes).flatMap(([id, route]) => {
  const query: unknown = 'query' in route ? route.query : undefined;
  if (!(query instanceof z.ZodObject)) return [];
  const shape: Record<string, unknown> = query.shape;
  const isNumber = (name: string) => query.partial().safeParse({ [name]: '2' }).data?.[name] === 2;
  return Object.keys(shape).flatMap((name) => (isNumber(name) ? [[id, name, query] as const] : []));
});

describe('whole numbers of a query', () => {
  test('are found in every list, in the log and in downloads', () => {
    const names = new Set(numbers.map(([, name]) => name));
    expect([...names].toSorted()).toEqual(['afterSeq', 'beforeSeq', 'limit', 'step', 'version']);
    expect(numbers.length).toBeGreaterThan(15);
  });

  test.each(numbers)('%s: %s has plain decimal digits', (_id, name, query) => {
    const take = (value: unknown) => query.partial().safeParse({ [name]: value });
    expect(take('12').data).toMatchObject({ [name]: 12 });
    for (const wrong of [
      '0x10',
      '1e1',
      '',
      ' 1',
      '1 ',
      '+1',
      '-1',
      '1.0',
      '٣',
      'NaN',
      '9'.repeat(30),
      ['1', '2'],
    ])
      expect(take(wrong).error?.issues.map(({ path }) => path)).toEqual([[name]]);
  });
});
