import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { claimRun } from './agent-client.ts';
import { LeaseLostError } from './agent-errors.ts';
import type { Ending } from './build-job.ts';
import { toTimestamp } from './clock.ts';
import type { CallTools } from './http-call.ts';
import type { PackerFound } from './packer-version.ts';
import { type ClaimAgain, openSession, type Session } from './session.ts';
import type { Settings } from './settings.ts';

const RUNNER_VERSION = '1.0.0';

/** How long a claim is tried: the API may be away for ten minutes, and the token lives for 15 past the queue. */
const CLAIM_PATIENCE = 15 * 60_000;

export type ClaimTools = CallTools & {
  /** Aborted when the runner itself is told to go. */
  terminate: AbortSignal;
};

/**
 * Claims a run, lets `work` do what the claim is for, and hands over how that ended. Rejects when the run could not be
 * claimed or handed over (agent-errors.ts).
 */
export const workOnRun = async (
  settings: Settings,
  tools: ClaimTools,
  found: PackerFound | undefined,
  work: (session: Session) => Promise<Ending>,
): Promise<Ending['outcome']> => {
  const makeClaim = claimWith(settings, found);
  const until = tools.clock.now() + CLAIM_PATIENCE;
  const claim = await makeClaim(tools, { until: () => until, signal: tools.terminate });
  const session = openSession(settings, claim, tools, makeClaim);
  const { leave } = session;
  tools.terminate.addEventListener('abort', leave);
  if (tools.terminate.aborted) leave();
  try {
    hideSecrets(session, settings);
    greet(session, found);
    const ending = await work(session);
    session.markEnded();
    await handOver(session, ending);
    return ending.outcome;
  } finally {
    tools.terminate.removeEventListener('abort', leave);
    await session.close();
  }
};

/** The claim of this one runner: however often it is made, it is answered as the same one. */
const claimWith = (settings: Settings, found: PackerFound | undefined): ClaimAgain => {
  const request = {
    runnerId: randomBytes(16).toString('hex'),
    runnerVersion: RUNNER_VERSION,
    packerVersion: (found?.version ?? 'none').slice(0, 64),
    hostname: hostname().slice(0, 255),
    buildId: settings.buildId,
  };
  return (tools, patience) => claimRun(tools, settings, settings.claimToken, request, patience);
};

const hideSecrets = ({ claim, redactor, log }: Session, settings: Settings): void => {
  const { variables, redact, leaseToken } = claim;
  const short = redactor.add([...Object.values(variables), ...redact, leaseToken, settings.claimToken]);
  if (short > 0) log.say(`${short} of the secret values are too short to be hidden in this log.`, 'warn');
};

const greet = ({ log, control }: Session, found: PackerFound | undefined): void => {
  log.say(`Goldsmith runner ${RUNNER_VERSION} on ${hostname()}, Packer ${found?.version ?? 'not found'}`);
  log.say(`The run must end by ${toTimestamp(control.deadlineAt())}`);
};

/** Hands over all lines, then the outcome; rejects when that is impossible. */
const handOver = async (session: Session, ending: Ending): Promise<void> => {
  const { log, shipper, outbox, client, control, patience } = session;
  log.say(`The build has ended: ${ending.outcome}`, ending.outcome === 'succeeded' ? 'info' : 'warn');
  await shipper.drain();
  await session.quieten();
  if (control.killReason() === 'lease-lost') throw new LeaseLostError('the lease was lost');
  const progress = outbox.take();
  const completion = {
    ...ending,
    errors: log.errors(),
    lastSeq: shipper.lastSeq(),
    ...(progress && { progress }),
  };
  await client.complete(completion, { until: patience });
};
