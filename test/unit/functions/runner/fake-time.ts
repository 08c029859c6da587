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

/** The real clock, but that it can be put forward. */
export const createJumpingClock = () => {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    sleep: systemClock.sleep,
    jump: (milliseconds: number) => {
      ahead += milliseconds;
    },
  };
};
