import { setTimeout as pause } from 'node:timers/promises';
import { WriteRefused } from './table.ts';
import { TooContended } from './too-contended.ts';

/** With full jitter up to 200 ms, 60 tries settle 50 writers of one row within about 5 s. */
const TRIES = 60;
const LONGEST_PAUSE_MS = 200;

/**
 * Runs a read-decide-write again when its write was refused, after a random pause. `again` tells which errors are
 * worth it; by default every refusal. Throws TooContended after the last try.
 */
export const contended = async <T>(
  attempt: () => Promise<T>,
  again: (error: unknown) => boolean = (error) => error instanceof WriteRefused,
): Promise<T> => {
  let last: unknown;
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!again(error)) throw error;
      last = error;
    }
    await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 10 * 2 ** tries));
  }
  throw new TooContended(last);
};
