import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { ClaimAnswer } from '../../shared/contracts/agent-protocol.ts';
import { type AgentClient, createAgentClient } from './agent-client.ts';
import type { Clock } from './clock.ts';
import type { CallTools } from './http-call.ts';
import { type Link, openLink } from './link.ts';
import { createRedactor, type Redactor } from './redactor.ts';
import { createRunControl, type RunControl } from './run-control.ts';
import { createRunLog, type RunLog } from './run-log.ts';
import type { Settings } from './settings.ts';

/** After its end a build is handed over for at least this long, also past the deadline. */
const HAND_OVER_PATIENCE = 10 * 60_000;

/** A claimed run: everything that speaks with the API about it. */
export type Session = Link & {
  tools: CallTools;
  clock: Clock;
  claim: ClaimAnswer;
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
};

/** Opens what a claimed run needs and begins to send heartbeats. */
export const openSession = (settings: Settings, claim: ClaimAnswer, tools: CallTools): Session => {
  const { clock } = tools;
  const control = createRunControl(clock, claim.deadlineAt);
  if (claim.stop) control.end('stop');
  const client = createAgentClient(tools, settings, claim.leaseToken);
  let endedAt = Number.NEGATIVE_INFINITY;
  const patience = () => Math.max(control.deadlineAt(), endedAt + HAND_OVER_PATIENCE);
  const { workDir, imageFolder } = settings;
  const spill = path.join(workDir, `goldsmith-lines-${randomBytes(8).toString('hex')}`);
  const link = openLink({ claim, client, control, clock, spill, patience });
  const redactor = createRedactor();
  return {
    ...link,
    tools,
    clock,
    claim,
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
  };
};
