import type { Clock } from './clock.ts';

/** What expires is fetched anew this long before it does, as the AWS SDKs do it themselves. */
const REFRESH_BEFORE = 5 * 60_000;

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
  let held: { value: T; endsAt: number } | undefined;
  let asking: Promise<T> | undefined;

  const renew = async (): Promise<T> => {
    const value = await ask();
    const end = endOf(value);
    held = { value, endsAt: end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end) };
    return value;
  };
  return async () => {
    if (held !== undefined && clock.now() < held.endsAt - REFRESH_BEFORE) return held.value;
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
