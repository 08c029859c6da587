import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergePatch } from '../../../../shared/domain/merge-patch.ts';

/** JSON as a request brings it, keys of every kind. */
const json = fc.jsonValue({ maxDepth: 4 });
const object = fc.dictionary(fc.string({ maxLength: 4 }), json);

describe('a merge patch', () => {
  // The examples of RFC 7396, appendix A.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j with %j gives %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  test('applied twice is the same as once', () => {
    fc.assert(
      fc.property(object, object, (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
      { numRuns: 1000 },
    );
  });

  test('that is empty changes nothing, and never changes what it is applied to', () => {
    fc.assert(
      fc.property(object, object, (target, patch) => {
        const copy = structuredClone(target);
        expect(mergePatch(target, {})).toEqual(target);
        mergePatch(target, patch);
        expect(target).toEqual(copy);
      }),
    );
  });

  test('reaches no prototype', () => {
    const patch: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"x": 1}}');
    mergePatch({}, patch);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('replaces what is no plain object as a whole', () => {
    const kept = new (class Kept {
      readonly set = true;
    })();
    expect(mergePatch({ secret: kept }, { secret: { value: 'new' } })).toEqual({ secret: { value: 'new' } });
    expect(mergePatch({ secret: kept }, { other: 1 })).toEqual({ secret: kept, other: 1 });
  });
});
