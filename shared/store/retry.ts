import { type Clock, systemClock } from './clock.ts';
import { WriteRefused } from './write-refused.ts';
import { TooContended } from './too-contended.ts';

/** With full jitter up to 200 ms, 60 tries settle 50 writers of one row within about 5 s. */
const TRIES = 60;
const LONGEST_PAUSE_MS = 200;
/** No further try begins after this, so that a request is answered well before its function ends (25 s). */
const BUDGET_MS = 8000;

const isRefusal = (error: unknown): boolean => error instanceof WriteRefused;

/**
 * Runs a read-decide-write again when its write was refused, after a random pause. `again` tells which errors are
 * worth it; by default every refusal. Throws TooContended after the last try, or when 8 s are over.
 */
export const contended = async <T>(
  attempt: () => Promise<T>,
  again: (error: unknown) => boolean = isRefusal,
  clock: Clock = systemClock,
): Promise<T> => {
  const end = clock.now() + BUDGET_MS;
  let last: unknown;
  for (let tries = 0; tries < TRIES && clock.now() < end; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!again(error)) throw error;
      last = error;
    }
    await clock.pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 10 * 2 ** tries));
  }
  throw new TooContended(last);
};
