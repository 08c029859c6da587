import type { Clock } from './clock.ts';

/**
 * What expires is fetched anew this long before it does, or when a third of its time is left: the API may be away for ten
 * minutes, and whoever asks may want five more.
 */
const REFRESH_BEFORE = 20 * 60_000;
const REFRESH_SHARE = 1 / 3;
/** How often it is looked whether that is so. */
const LOOK = 60_000;

export type FreshOptions<T> = {
  clock: Clock;
  ask: () => Promise<T>;
  /** When it ends, as a time stamp; undefined: never. */
  endOf: (value: T) => string | undefined;
};

/**
 * Gives the last value until shortly before it expires, then a new one, asked for once however many wait. Should that
 * fail, the old one serves until it has expired.
 */
export const keepFresh = <T>({ clock, ask, endOf }: FreshOptions<T>): (() => Promise<T>) => {
  let held: { value: T; endsAt: number; renewAt: number } | undefined;
  let asking: Promise<T> | undefined;

  const renew = async (): Promise<T> => {
    const value = await ask();
    const end = endOf(value);
    const endsAt = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end);
    const lifetime = endsAt - clock.now();
    held = { value, endsAt, renewAt: endsAt - Math.min(REFRESH_BEFORE, lifetime * REFRESH_SHARE) };
    return value;
  };
  return async () => {
    if (held !== undefined && clock.now() < held.renewAt) return held.value;
    asking ??= renew().finally(() => {
      asking = undefined;
    });
    try {
      return await asking;
    } catch (error) {
      if (held !== undefined && clock.now() < held.endsAt) return held.value;
      throw error;
    }
  };
};

/** Asks now and then, until `done`, so that a fresh value is there already when somebody needs one and nobody can be asked. */
export const keepAhead = async (
  give: () => Promise<unknown>,
  clock: Clock,
  done: AbortSignal,
): Promise<void> => {
  while (!done.aborted) {
    // A failure is told to whoever asks for the value.
    await give().catch(() => undefined);
    await clock.sleep(LOOK, done);
  }
};
