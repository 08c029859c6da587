import { setTimeout as pause } from 'node:timers/promises';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TooContended } from './too-contended.ts';

/** What DynamoDB calls it when it has no room at this moment, as an error and as a reason of a cancelled transaction. */
const THROTTLED = new Set([
  'ThrottlingException',
  'ThrottlingError',
  'ProvisionedThroughputExceededException',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
]);

/** Each of them after the few that the SDK does by itself; pauses of up to 40, 80, 160 and 320 ms. */
export const TRIES = 5;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 320;

/** A random pause after the try `tries`, longer each time. */
export const breathe = (tries: number): Promise<void> =>
  pause(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));

/** Whether DynamoDB refused for want of room: nothing was read or written, and a moment later it may be. */
export const isThrottled = (error: unknown): boolean =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).some(({ Code }) => Code !== undefined && THROTTLED.has(Code))
    : error instanceof Error && THROTTLED.has(error.name);

/** Sends again while there is no room. Throws TooContended when it stays so. */
export const patiently = async <T>(send: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (!isThrottled(error)) throw error;
      if (tries === TRIES) throw new TooContended(error);
    }
    await breathe(tries);
  }
};

/** Tries in a row in which a batch may leave everything undone. */
const IDLE_TRIES = 8;

/**
 * Sends a batch, then what it had no room for, until nothing is left. `send` answers what is left. Throws TooContended
 * when nothing gets through for some tries.
 */
export const untilDone = async <T>(all: T[], send: (asked: T[]) => Promise<T[]>): Promise<void> => {
  let asked = all;
  for (let idle = 0; asked.length > 0; ) {
    const left = await patiently(() => send(asked));
    idle = left.length < asked.length ? 0 : idle + 1;
    asked = left;
    if (idle === IDLE_TRIES) throw new TooContended(undefined);
    if (asked.length > 0) await breathe(idle + 1);
  }
};
