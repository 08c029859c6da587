import { setTimeout as pause } from 'node:timers/promises';

/** Where a store's time comes from: a simulation has a time of its own. */
export type Clock = {
  /** Milliseconds since 1970. */
  now: () => number;
  pause: (milliseconds: number) => Promise<unknown>;
};

export const systemClock: Clock = { now: () => Date.now(), pause };

/** The time as our rows have it. */
export const timestampOf = (clock: Clock): string => new Date(clock.now()).toISOString();

/** Seconds since 1970, so many from now: how tables say when a row expires. */
export const expiryIn = (clock: Clock, seconds: number): number => Math.floor(clock.now() / 1000) + seconds;
