import type { ClaimAnswer, Standing } from '../../shared/contracts/agent-protocol.ts';
import type { AgentClient } from './agent-client.ts';
import type { Clock } from './clock.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createLineQueue } from './line-queue.ts';
import { createLogShipper, type LogShipper } from './log-shipper.ts';
import { createProgressOutbox, type ProgressOutbox } from './progress-outbox.ts';
import type { RunControl } from './run-control.ts';

/** What a claimed run keeps telling the API, and hears from it. */
export type Link = {
  shipper: LogShipper;
  outbox: ProgressOutbox;
  /** Ends the heartbeat: after the completion the next one would be a lost lease. */
  quieten: () => Promise<void>;
  close: () => Promise<void>;
};

export type LinkOptions = {
  claim: ClaimAnswer;
  client: AgentClient;
  control: RunControl;
  clock: Clock;
  /** Path of the file for lines that do not fit in memory. */
  spill: string;
  /** Until when lines are tried to be sent, in milliseconds since 1970. */
  patience: () => number;
};

/** Begins to send heartbeats, and log lines as they come; what the API answers goes to `control`. */
export const openLink = ({ claim, client, control, clock, spill, patience }: LinkOptions): Link => {
  const outbox = createProgressOutbox();
  const queue = createLineQueue(spill);
  const hear = (standing: Standing): void => {
    heartbeat.heard();
    control.hear(standing);
  };
  // A refusal is the end as well: the API no longer knows this run or this lease.
  const shared = { client, outbox, clock, onStanding: hear, onFailure: () => control.end('lease-lost') };
  const heartbeat = createHeartbeat({ ...shared, intervalMilliseconds: claim.heartbeatSeconds * 1000 });
  const shipper = createLogShipper({
    ...shared,
    queue,
    firstSeq: claim.nextSeq,
    intervalMilliseconds: claim.chunkIntervalMilliseconds,
    until: patience,
  });
  const quiet = new AbortController();
  const beating = heartbeat.run(quiet.signal);
  const quieten = async (): Promise<void> => {
    quiet.abort();
    await beating;
  };
  return {
    shipper,
    outbox,
    quieten,
    close: async () => {
      await quieten();
      queue.close();
    },
  };
};
