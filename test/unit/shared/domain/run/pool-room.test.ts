import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowedIn, refusedRoom, restOf } from '../../../../../shared/domain/run/pool-room.ts';
import { at } from '../../../../support/builders.ts';

/** What a pool may have after CodeBuild took no more builds (F13). */

const refused = (allows: number) => ({ until: at(30), allows, refusedAt: at(0) });
const minutes = (count: number) => at(count * 60);

describe('the limit of a pool', () => {
  test('is its own as long as nothing was refused, or only calls were too many', () => {
    expect(allowedIn(undefined, 7, at(0))).toBe(7);
    expect(allowedIn({ until: at(30) }, 7, at(0))).toBe(7);
  });

  test('is what was under way at the refusal, and each ten minutes a quarter more, at least one', () => {
    const allowed = [0, 9, 10, 20, 30, 40, 50, 60].map((passed) =>
      allowedIn(refused(3), 60, minutes(passed)),
    );
    expect(allowed).toEqual([3, 3, 4, 5, 6, 7, 8, 10]);
    expect(allowedIn(refused(3), 60, minutes(150))).toBe(60);
  });

  test('is never beyond its own, never nothing, and only grows with time', () => {
    const numbers = fc.integer({ min: 1, max: 200 });
    const passed = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(numbers, numbers, passed, passed, (allows, limit, one, other) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)].map((time) =>
          allowedIn(refused(allows), limit, minutes(time)),
        );
        expect(early).toBeGreaterThanOrEqual(Math.min(allows, limit));
        expect(late).toBeGreaterThanOrEqual(early ?? 0);
        expect(late).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe('the room after a refusal', () => {
  test('of a build is what was under way, one at least, from that moment on', () => {
    const asked = { until: at(130), now: at(100) };
    expect(refusedRoom(refused(9), { ...asked, underWay: 4 })).toEqual({
      until: at(130),
      allows: 4,
      refusedAt: at(100),
    });
    expect(refusedRoom(undefined, { ...asked, underWay: 0 }).allows).toBe(1);
  });

  test('of a call leaves what is known; of two rests the longer counts', () => {
    const room = { ...refused(4), until: at(400) };
    expect(refusedRoom(room, { until: at(130), now: at(100) })).toEqual(room);
    expect(refusedRoom(undefined, { until: at(130), now: at(100) })).toEqual({ until: at(130) });
    expect([restOf(room, at(399)), restOf(room, at(400)), restOf(undefined, at(0))]).toEqual([
      at(400),
      undefined,
      undefined,
    ]);
  });
});
