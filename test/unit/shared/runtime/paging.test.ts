import { describe, expect, test } from 'vitest';
import { cursorFor, pageOf, positionIn } from '../../../../shared/runtime/api/paging.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';

const code = (act: () => unknown): string => {
  try {
    act();
    return 'accepted';
  } catch (error) {
    return error instanceof ApiProblem ? error.code : 'another error';
  }
};

describe('a cursor', () => {
  test('leads back to its position in its own list', () => {
    expect(positionIn('/v1/a', cursorFor('/v1/a', 'position é'))).toBe('position é');
    expect(positionIn('/v1/a', undefined)).toBeUndefined();
  });

  test.each([
    ['of another list', cursorFor('/v1/b', 'x')],
    ['that is no base64', '%%%'],
    ['that is no JSON', Buffer.from('nonsense').toString('base64url')],
    ['of another shape', Buffer.from('{"a":1}').toString('base64url')],
    ['with a number in it', Buffer.from('["/v1/a",5]').toString('base64url')],
    ['that is empty', ''],
  ])('%s is refused with 400', (_case, cursor) => {
    expect(code(() => positionIn('/v1/a', cursor))).toBe('bad-query');
  });
});

describe('a page', () => {
  const position = (item: number) => String(item);

  test('that is the last one has no cursor', () => {
    expect(pageOf([1, 2], 2, '/v1/a', position)).toEqual({ items: [1, 2] });
    expect(pageOf([], 2, '/v1/a', position)).toEqual({ items: [] });
  });

  test('that is followed by another ends where its cursor points', () => {
    const page = pageOf([1, 2, 3], 2, '/v1/a', position);
    expect(page.items).toEqual([1, 2]);
    expect(positionIn('/v1/a', page.nextCursor)).toBe('2');
  });
});
