import type { Standing } from '../../shared/contracts/agent-protocol.ts';
import type { AgentClient } from './agent-client.ts';
import { UnreachableError } from './agent-errors.ts';
import type { Clock } from './clock.ts';
import type { ProgressOutbox } from './progress-outbox.ts';

export type HeartbeatOptions = {
  client: Pick<AgentClient, 'sendHeartbeat'>;
  outbox: ProgressOutbox;
  clock: Clock;
  intervalMilliseconds: number;
  onStanding: (standing: Standing) => void;
  onFailure: (error: unknown) => void;
};

/**
 * Tells the API that the runner lives, whenever nothing has been heard from it for one interval. It goes on while
 * a chunk hangs, because its answers carry the stop. A heartbeat that does not arrive is not repeated: the next
 * one is due soon. Ends when `done` is aborted or the API refuses.
 */
export const createHeartbeat = (options: HeartbeatOptions) => {
  const { client, outbox, clock, intervalMilliseconds } = options;
  let heardAt = clock.now();

  const beat = async (done: AbortSignal): Promise<void> => {
    const progress = outbox.take();
    try {
      options.onStanding(
        await client.sendHeartbeat({ ...(progress && { progress }) }, { until: () => 0, signal: done }),
      );
      outbox.confirm(progress);
    } catch (error) {
      outbox.giveBack(progress);
      if (!(error instanceof UnreachableError)) throw error;
    }
  };
  return {
    /** To be called with each answer to a chunk: it counts as one to a heartbeat. */
    heard: (): void => {
      heardAt = clock.now();
    },
    run: async (done: AbortSignal): Promise<void> => {
      let nextAt = heardAt + intervalMilliseconds;
      while (!done.aborted) {
        await clock.sleep(nextAt - clock.now(), done);
        nextAt = heardAt + intervalMilliseconds;
        if (done.aborted || clock.now() < nextAt) continue;
        // Counted from here also when it fails, so that an API in trouble gets one try per interval.
        nextAt = clock.now() + intervalMilliseconds;
        await beat(done).catch(options.onFailure);
      }
    },
  };
};
