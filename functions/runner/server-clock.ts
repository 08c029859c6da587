import type { Clock } from './clock.ts';

/**
 * Less than this is no wrong clock: an answer may be so long on its way (http-call.ts), and so old is what it tells of
 * the time then.
 */
const TOLERANCE = 30_000;

export type ServerClock = Clock & {
  /** Takes over what the API's clock shows, as a time stamp; undefined: it did not say. */
  follow: (serverTime: string | undefined) => void;
};

/**
 * The time as the API sees it, on a machine whose own clock may be wrong or may be put right meanwhile (F39): deadlines,
 * the ends of credentials and the times of log lines are the API's.
 */
export const createServerClock = ({ now, ...own }: Clock): ServerClock => {
  let ahead = 0;
  return {
    now: () => now() + ahead,
    ...own,
    follow: (serverTime) => {
      const difference = Date.parse(serverTime ?? '') - now();
      if (Math.abs(difference - ahead) > TOLERANCE) ahead = difference;
    },
  };
};
