import { describe, expect, test } from 'vitest';
import { contended } from '../../../../shared/store/retry.ts';
import { WriteRefused } from '../../../../shared/store/write-refused.ts';
import { TooContended } from '../../../../shared/store/too-contended.ts';

/** A clock that only pauses and attempts move on. */
const fakeClock = () => {
  let time = 0;
  return {
    now: () => time,
    pause: async (milliseconds: number) => {
      time += milliseconds;
    },
  };
};
const refused = (): never => {
  throw new WriteRefused([0]);
};

describe('a write that is decided anew when it was refused', () => {
  test('ends after eight seconds, however few tries fit', async () => {
    const clock = fakeClock();
    let tries = 0;
    const slowly = async () => {
      tries += 1;
      await clock.pause(3000);
      return refused();
    };
    await expect(contended(slowly, undefined, clock)).rejects.toBeInstanceOf(TooContended);
    expect(tries).toBe(3);
  });

  test('ends after sixty tries when they are fast', async () => {
    let tries = 0;
    const fast = async () => {
      tries += 1;
      return refused();
    };
    const clock = { now: () => 0, pause: async () => {} };
    await expect(contended(fast, undefined, clock)).rejects.toBeInstanceOf(TooContended);
    expect(tries).toBe(60);
  });

  test('answers once it went through, and does not try what is not worth it', async () => {
    const clock = fakeClock();
    let tries = 0;
    const third = async () => {
      tries += 1;
      return tries < 3 ? refused() : 'done';
    };
    expect(await contended(third, undefined, clock)).toBe('done');
    const other = contended(
      async () => refused(),
      () => false,
      clock,
    );
    await expect(other).rejects.toBeInstanceOf(WriteRefused);
  });
});
