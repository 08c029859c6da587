import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { ClaimAnswer } from '../../shared/contracts/agent-protocol.ts';
import { type AgentClient, createAgentClient, type Patience } from './agent-client.ts';
import { LeaseLostError, RefusedError } from './agent-errors.ts';
import type { Clock } from './clock.ts';
import type { CallTools } from './http-call.ts';
import type { Links } from './job-links.ts';
import { createLease, type Lease } from './lease.ts';
import { type Link, openLink } from './link.ts';
import { createRedactor, type Redactor } from './redactor.ts';
import { createRunControl, type RunControl } from './run-control.ts';
import { createRunLog, type RunLog } from './run-log.ts';
import { createServerClock, type ServerClock } from './server-clock.ts';
import type { Settings } from './settings.ts';

/**
 * After its end a build is handed over for at least this long, also past the deadline: the API may be away for ten
 * minutes. CodeBuild waits 20 minutes beyond the deadline.
 */
const HAND_OVER_PATIENCE = 15 * 60_000;
/** Who ends the machine waits less, and does not say how long: 30 s is what ECS and most others give. */
const LAST_WORDS_PATIENCE = 20_000;

/** A claimed run: everything that speaks with the API about it. */
export type Session = Link & {
  tools: CallTools;
  clock: Clock;
  claim: ClaimAnswer;
  links: Links;
  client: AgentClient;
  control: RunControl;
  /** Where the job's folder is made. */
  workDir: string;
  /** Where images go that are files of this machine; they stay. */
  imageFolder: string;
  redactor: Redactor;
  log: RunLog;
  /** Until when the hand-over is tried, in milliseconds since 1970. */
  patience: () => number;
  /** The build has ended: from now on only the hand-over counts. */
  markEnded: () => void;
  /** The machine is told to end: Packer is killed, and what can still be told is told soon. */
  leave: () => void;
};

/** Claims the run of the session once more. */
export type ClaimAgain = (tools: CallTools, patience: Patience) => Promise<ClaimAnswer>;

/** Opens what a claimed run needs and begins to send heartbeats. */
export const openSession = (
  settings: Settings,
  claim: ClaimAnswer,
  own: CallTools,
  claimAgain: ClaimAgain,
): Session => {
  const clock = createServerClock(own.clock);
  const tools = { ...own, clock };
  const control = openControl(clock, claim);
  const lease = createLease(claim, (patience) => claimAgain(tools, patience));
  const client = createAgentClient(tools, settings, lease.hold);
  let endedAt = Number.NEGATIVE_INFINITY;
  let leftAt: number | undefined;
  const patience = () =>
    leftAt === undefined
      ? Math.max(control.deadlineAt(), endedAt + HAND_OVER_PATIENCE)
      : leftAt + LAST_WORDS_PATIENCE;
  const { workDir, imageFolder } = settings;
  const spill = path.join(workDir, `goldsmith-lines-${randomBytes(8).toString('hex')}`);
  const link = openLink({ claim, client, control, clock, spill, patience });
  const redactor = createRedactor();
  return {
    ...link,
    tools,
    clock,
    claim,
    links: linksOf(lease, control, redactor),
    client,
    control,
    workDir,
    imageFolder,
    redactor,
    patience,
    log: createRunLog(link.shipper, redactor.redact, clock),
    markEnded: () => {
      endedAt = clock.now();
    },
    leave: () => {
      leftAt ??= clock.now();
      control.end('terminated');
    },
  };
};

/** What the API says about how long the build may go on, told by its clock. */
const openControl = (clock: ServerClock, claim: ClaimAnswer): RunControl => {
  clock.follow(claim.now);
  const control = createRunControl(clock, claim.deadlineAt);
  const hear: RunControl['hear'] = (standing) => {
    clock.follow(standing.now);
    control.hear(standing);
  };
  hear(claim);
  return { ...control, hear };
};

/** Links to the job's files; who claims again may learn that the run is another's, or is to stop. */
const linksOf = (lease: Lease, control: RunControl, redactor: Redactor): Links => ({
  now: lease.claim,
  renew: async () => {
    try {
      const again = await lease.renew({ until: control.cleanUpAt, signal: control.kill });
      redactor.add([again.leaseToken]);
      control.hear(again);
    } catch (error) {
      if (error instanceof LeaseLostError) control.end('lease-lost');
      // Refused: what was refused before then stays so, and says more.
      if (!(error instanceof RefusedError)) throw error;
    }
  },
});
