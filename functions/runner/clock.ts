import { setTimeout as wait } from 'node:timers/promises';

/** Time as the runner sees it; tests put their own in its place. */
export type Clock = {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Resolves after `milliseconds`, or at once when `signal` is aborted: it never rejects. */
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Resolves after what is happening now: in the next turn of Node, where the clock says nothing else. */
  turn?: () => Promise<unknown>;
};

/** Longest delay of a timer of Node: 2^31 - 1 ms; a longer one would fire at once. */
const LONGEST_TIMER = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    const delay = Math.min(Math.max(0, milliseconds), LONGEST_TIMER);
    await wait(delay, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};

/** A moment as the contracts write it: UTC, RFC 3339 with milliseconds. */
export const toTimestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** A duration for people: `3.1 s`, `4 min 7 s`, `2 h 5 min`. */
export const describeDuration = (milliseconds: number): string => {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
