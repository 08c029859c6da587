import type { Standing } from '../../shared/contracts/agent-protocol.ts';
import type { Clock } from './clock.ts';

/**
 * Why a build is ended at once and without Packer's clean-up: somebody asked for it, the lease is lost, or the
 * runner itself was told to go.
 */
type KillReason = 'stop' | 'lease-lost' | 'terminated';

/**
 * Share of the time between claim and deadline that is kept for Packer's clean-up, and its most: deleting an Azure
 * resource group takes up to ten minutes, terminating an EC2 instance one to three.
 */
const CLEAN_UP_SHARE = 0.1;
const LONGEST_CLEAN_UP = 10 * 60_000;
/** Share of the clean-up's time, and its most, that is kept for the hand-over after it. */
const HAND_OVER_SHARE = 0.1;
const LONGEST_HAND_OVER = 30_000;

/** What the API has said about how long the build may go on. */
export type RunControl = {
  /** Aborted, with the reason, when Packer is to be killed. */
  kill: AbortSignal;
  killReason: () => KillReason | undefined;
  hear: (standing: Pick<Standing, 'stop' | 'deadlineAt' | 'now'>) => void;
  end: (reason: KillReason) => void;
  /** Milliseconds since 1970. */
  deadlineAt: () => number;
  /** When Packer is told to clean up. */
  cleanUpAt: () => number;
  /** When a Packer that still cleans up is killed. */
  killAt: () => number;
  /** How long Packer may clean up, in milliseconds, whenever it begins. */
  cleanUpTime: () => number;
};

/**
 * Keeps the word of the API: `claimedAt` and the deadline in milliseconds since 1970. The first reason to kill
 * stands, but a lost lease overrides all: then nothing may be handed over.
 */
export const createRunControl = (clock: Clock, deadline: string): RunControl => {
  const claimedAt = clock.now();
  const controller = new AbortController();
  let deadlineAt = Date.parse(deadline);
  let reason: KillReason | undefined;

  const end = (why: KillReason): void => {
    if (reason === undefined || why === 'lease-lost') reason = why;
    controller.abort(reason);
  };
  const cleanUpTime = () => Math.min(LONGEST_CLEAN_UP, Math.max(0, deadlineAt - claimedAt) * CLEAN_UP_SHARE);
  return {
    kill: controller.signal,
    killReason: () => reason,
    end,
    hear: (standing) => {
      deadlineAt = Date.parse(standing.deadlineAt);
      if (standing.stop) end('stop');
    },
    deadlineAt: () => deadlineAt,
    cleanUpAt: () => deadlineAt - cleanUpTime(),
    cleanUpTime,
    killAt: () => deadlineAt - Math.min(LONGEST_HAND_OVER, cleanUpTime() * HAND_OVER_SHARE),
  };
};
