import { setTimeout as pause } from 'node:timers/promises';

/** Stands for what did not come in time. */
export const LATE = Symbol('late');

/** What the work gives, or LATE when it takes longer than so many milliseconds: then it goes on, and nobody waits for it. */
export const within = async <T>(milliseconds: number, work: Promise<T>): Promise<T | typeof LATE> => {
  const timer = new AbortController();
  try {
    return await Promise.race([work, pause(milliseconds, LATE, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
};
