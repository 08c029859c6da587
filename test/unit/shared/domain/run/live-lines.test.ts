import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  drawLive,
  LIVE_BURST,
  LIVE_LINES_A_SECOND,
  type LiveBucket,
} from '../../../../../shared/domain/run/live-lines.ts';

/** What of a log is pushed live (F31). */

describe('lines that are pushed', () => {
  test('are all of them as long as nobody is flooded', () => {
    let bucket: LiveBucket | undefined;
    for (let second = 0; second < 100; second += 1) {
      const live = drawLive(bucket, LIVE_LINES_A_SECOND, second * 1000);
      expect(live.drawn).toBe(LIVE_LINES_A_SECOND);
      bucket = live.bucket;
    }
  });

  test('of a flood are what the bucket held, and then what fills it', () => {
    let bucket: LiveBucket | undefined;
    const drawn = Array.from({ length: 100 }, (_, chunk) => {
      const live = drawLive(bucket, 500, chunk * 30);
      bucket = live.bucket;
      return live.drawn;
    });
    // 30 ms bring 30 lines: after 43 chunks of 500 there are 20,000 + 1,260 - 21,500 left, so none.
    expect(drawn.slice(0, 42)).toEqual(Array(42).fill(500));
    expect(drawn.slice(43)).toEqual(Array(57).fill(30));
  });

  test('are never more than came, always one, and over any time no more than burst, rate and one a chunk', () => {
    const chunk = fc.record({
      wanted: fc.integer({ min: 1, max: 500 }),
      // Also back: the machines of two calls need not agree to the millisecond.
      pause: fc.integer({ min: -5, max: 2000 }),
    });
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 1, maxLength: 200 }), (chunks) => {
        let [bucket, time, total, forward]: [LiveBucket | undefined, number, number, number] = [
          undefined,
          0,
          0,
          0,
        ];
        for (const { wanted, pause } of chunks) {
          time += pause;
          forward += Math.max(0, pause);
          const live: ReturnType<typeof drawLive> = drawLive(bucket, wanted, time);
          expect(live.drawn).toBeGreaterThanOrEqual(1);
          expect(live.drawn).toBeLessThanOrEqual(wanted);
          expect(live.bucket.lines).toBeGreaterThanOrEqual(0);
          total += live.drawn;
          bucket = live.bucket;
        }
        expect(total).toBeLessThanOrEqual(
          LIVE_BURST + (forward / 1000) * LIVE_LINES_A_SECOND + chunks.length,
        );
      }),
    );
  });

  test('are all again when the flood is over for a while', () => {
    const empty = { lines: 0, at: 0 };
    expect(drawLive(empty, 500, 100).drawn).toBe(100);
    expect(drawLive(empty, 500, 500).drawn).toBe(500);
    expect(drawLive(empty, 500, 3_600_000).bucket.lines).toBe(LIVE_BURST - 500);
  });
});
