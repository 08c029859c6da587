import { describe, expect, test } from 'vitest';
import { afterLook, isLookedUp } from '../../../../../shared/domain/image-version/look.ts';

describe('the state of an image version after its image was looked up (F45)', () => {
  test.each(['available', 'deprecated'] as const)('%s stays while the image is there', (state) => {
    expect(afterLook({ state }, true)).toEqual({ state });
  });

  test.each(['available', 'deprecated'] as const)(
    '%s is missing when it is gone, and %s when it is found again',
    (state) => {
      const missing = afterLook({ state }, false);
      expect(missing).toEqual({ state: 'missing', stateWhenFound: state });
      expect(afterLook(missing, false)).toEqual(missing);
      expect(afterLook(missing, true)).toEqual({ state });
    },
  );

  test('of one that nobody knows what it was before, found again, is available', () => {
    expect(afterLook({ state: 'missing' }, true)).toEqual({ state: 'available' });
  });

  test.each(['revoked', 'deleted'] as const)(
    '%s by somebody is not looked up, and stays whatever is there',
    (state) => {
      expect(isLookedUp({ state })).toBe(false);
      for (const isThere of [true, false]) expect(afterLook({ state }, isThere)).toEqual({ state });
    },
  );
});
