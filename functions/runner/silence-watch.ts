import type { SilenceLimits } from '../../shared/contracts/agent-protocol.ts';
import type { Clock } from './clock.ts';

/**
 * The most that one look counts, in milliseconds: a machine that slept for hours between two looks, or whose clock was
 * put forward, has not listened meanwhile.
 */
const MOST_AT_ONCE = 60_000;

export type SilenceWatchOptions = {
  limits: SilenceLimits;
  clock: Clock;
  /** Both are called once a silence, with its length in milliseconds. */
  onWarn: (silent: number) => void;
  onEnd: (silent: number) => void;
};

/** Watches whether a build says anything (N8). What it says is output of Packer; the runner's own lines do not count. */
export type SilenceWatch = {
  heard: () => void;
  /** To be called now and then. `isDeaf`: nobody reads the output, so it may well be said something. */
  look: (isDeaf: boolean) => void;
  /** Whether the silence has reached its end; then it stays so. */
  isOver: () => boolean;
};

export const createSilenceWatch = ({ limits, clock, onWarn, onEnd }: SilenceWatchOptions): SilenceWatch => {
  let lookedAt = clock.now();
  let silent = 0;
  let stage: 'fine' | 'warned' | 'over' = 'fine';

  const advance = (): void => {
    if (stage === 'fine' && silent >= limits.warnAfterSeconds * 1000) {
      stage = 'warned';
      onWarn(silent);
    }
    if (stage === 'warned' && silent >= limits.endAfterSeconds * 1000) {
      stage = 'over';
      onEnd(silent);
    }
  };
  return {
    heard: () => {
      silent = 0;
      if (stage === 'warned') stage = 'fine';
    },
    look: (isDeaf) => {
      const now = clock.now();
      const passed = Math.min(MOST_AT_ONCE, Math.max(0, now - lookedAt));
      lookedAt = now;
      if (isDeaf || stage === 'over') return;
      silent += passed;
      advance();
    },
    isOver: () => stage === 'over',
  };
};
