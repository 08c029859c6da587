import type { ClaimAnswer } from '../../shared/contracts/agent-protocol.ts';

/**
 * Where the job's files are. Links are signed and good for a quarter of an hour or an hour: a runner whose API or store
 * was away for longer asks for new ones. `renew` rejects when nobody can be asked any more (agent-errors.ts).
 */
export type Links = {
  now: () => Pick<ClaimAnswer, 'bundle' | 'downloads'>;
  renew: () => Promise<void>;
};

/** How often a file is asked for that was refused: a link that expired is new the next time. */
export const REFUSALS = 5;
/** First and longest mean of the waits before a file is asked for again, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/** The wait before try `attempt` + 1, with full jitter: many runners may wait for one store. */
export const waitBeforeRetry = (random: () => number, attempt: number): number =>
  random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempt, 20));
