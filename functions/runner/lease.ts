import type { ClaimAnswer } from '../../shared/contracts/agent-protocol.ts';
import type { Hold, Patience } from './agent-client.ts';
import { LeaseLostError } from './agent-errors.ts';

/** The claim of a run as it was answered last, and what is done under it. */
export type Lease = {
  claim: () => ClaimAnswer;
  hold: Hold;
  /** Claims the run once more, for new links to its files; once, however many ask at the same time. */
  renew: (patience: Patience) => Promise<ClaimAnswer>;
};

/** Holds a run. `claimAgain` makes the same claim once more: its answer brings another token, and ends the one before. */
export const createLease = (
  first: ClaimAnswer,
  claimAgain: (patience: Patience) => Promise<ClaimAnswer>,
): Lease => {
  let latest = first;
  let renewing: Promise<unknown> | undefined;

  const renew = async (patience: Patience): Promise<ClaimAnswer> => {
    latest = await claimAgain(patience);
    return latest;
  };
  const hold: Hold = async (call) => {
    const { leaseToken } = latest;
    try {
      return await call(leaseToken);
    } catch (error) {
      // The token may have been replaced by ourselves while the call was under way.
      if (error instanceof LeaseLostError) await renewing;
      if (!(error instanceof LeaseLostError) || latest.leaseToken === leaseToken) throw error;
      return hold(call);
    }
  };
  return {
    claim: () => latest,
    hold,
    renew: async (patience) => {
      const asked = renew(patience);
      renewing = asked.catch(() => undefined);
      return asked;
    },
  };
};
