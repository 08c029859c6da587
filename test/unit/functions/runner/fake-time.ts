import { type Clock, systemClock } from '../../../../functions/runner/clock.ts';

/** A clock whose time passes only by sleeping: each sleep ends at once and takes the time it should. */
export const createFastClock = (start = Date.parse('2026-01-01T00:00:00Z')) => {
  const sleeps: number[] = [];
  let now = start;
  const clock: Clock & { sleeps: number[]; pass: (milliseconds: number) => void } = {
    now: () => now,
    sleep: async (milliseconds, signal) => {
      if (signal?.aborted === true) return;
      sleeps.push(milliseconds);
      now += Math.max(0, milliseconds);
      await new Promise(setImmediate);
    },
    sleeps,
    pass: (milliseconds) => {
      now += milliseconds;
    },
  };
  return clock;
};

/** The real clock, but that it can be put forward: who sleeps then wakes when its time has come. */
export const createJumpingClock = () => {
  let ahead = 0;
  let jumped = new AbortController();
  const now = () => Date.now() + ahead;
  return {
    now,
    sleep: async (milliseconds: number, signal?: AbortSignal) => {
      const end = now() + milliseconds;
      const isOver = () => signal?.aborted === true || now() >= end;
      do {
        const woken = AbortSignal.any([jumped.signal, ...(signal === undefined ? [] : [signal])]);
        await systemClock.sleep(end - now(), woken);
      } while (!isOver());
    },
    jump: (milliseconds: number) => {
      ahead += milliseconds;
      jumped.abort();
      jumped = new AbortController();
    },
  };
};

/** The real clock, but so many times as fast, until it is told another pace: an hour of a protocol in two seconds. */
export const createSwiftClock = (times: number, start = Date.now()) => {
  let from = { at: performance.now(), shown: start, times };
  const now = () => from.shown + (performance.now() - from.at) * from.times;
  return {
    now,
    sleep: (milliseconds: number, signal?: AbortSignal) =>
      systemClock.sleep(milliseconds / from.times, signal),
    pace: (next: number): void => {
      from = { at: performance.now(), shown: now(), times: next };
    },
  };
};
