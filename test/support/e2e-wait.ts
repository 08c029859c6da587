/** Waiting for something that tells nobody when it happens: asked again and again, but not for ever. */
import { setTimeout as sleep } from 'node:timers/promises';

const BETWEEN_LOOKS_MS = 100;

/**
 * For whatever a run waits for: what is lost on its way costs it a minute, until the reconciler looks
 * (docs/architecture.md). Twice that, in seconds.
 */
export const PATIENCE_SECONDS = 120;

/**
 * Asks `look` until it answers something else than undefined or false, and resolves with that.
 * Throws with `what` after `seconds`; a function tells it then, with what was seen last.
 */
export const until = async <T>(
  what: string | (() => string),
  seconds: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> => {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline)
      throw new Error(`${typeof what === 'string' ? what : what()}: not within ${seconds} s`);
    await sleep(BETWEEN_LOOKS_MS);
  }
};
