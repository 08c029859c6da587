import { createBuildFacts } from '../../../functions/runner/build-facts.ts';
import type { Ending } from '../../../functions/runner/build-job.ts';
import { toTimestamp } from '../../../functions/runner/clock.ts';
import type { Session } from '../../../functions/runner/session.ts';
import { aws } from '../../../shared/platforms/aws/index.ts';
import { kinds } from '../../../shared/platforms/aws/names.ts';
import { type Account, artifactOf } from './account.ts';
import type { Simulation } from './invocation.ts';

export type PackerJob = {
  simulation: Simulation;
  account: Account;
  session: Session;
  runId: string;
  buildId: string;
  stepCount: number;
};

/** Why Packer did not come to its end by itself. */
type Break = 'killed' | 'out-of-time' | 'failed' | 'crashed';
class Broken extends Error {
  readonly why: Break;
  constructor(why: Break) {
    super(why);
    this.why = why;
  }
}

const HANG_MS = 20 * 3_600_000;

/**
 * Packer as its runner sees it: it makes a key pair, a group and a machine, goes through the steps, makes the image and
 * deletes what it does not need any more, unless it is killed. Answers how the build ended.
 */
export const runPacker = async (job: PackerJob): Promise<Ending> => {
  const { account, runId, buildId, simulation, session } = job;
  const lines: string[] = [];
  account.packers.push({ runId, buildId, lines });
  simulation.tell('packer', `builds ${runId} in ${buildId}`);
  const facts = createBuildFacts(aws.readOutput, session.outbox);
  const made: string[] = [];
  const write = (text: string, level: 'info' | 'error' = 'info', step: number | null = null) => {
    lines.push(text);
    session.log.write({ stream: 'packer', level, text, step });
    facts.read(text);
  };
  try {
    const amiId = await build(job, { write, made });
    const temporaries = facts.temporaries();
    return { outcome: 'succeeded', exitCode: 0, artifacts: [artifactOf(amiId)], temporaries };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return endingOf(job, error.why, { temporaries: facts.temporaries(), made });
  }
};

type Build = {
  write: (text: string, level?: 'info' | 'error', step?: number | null) => void;
  made: string[];
};

/** Waits as Packer does: a kill ends it, and so does the end of the run's time. */
const wait = async ({ session }: PackerJob, milliseconds: number): Promise<void> => {
  const { control, clock } = session;
  await clock.sleep(Math.min(milliseconds, control.cleanUpAt() - clock.now()), control.kill);
  if (control.kill.aborted) throw new Broken('killed');
  if (clock.now() >= control.cleanUpAt()) throw new Broken('out-of-time');
};

const build = async (job: PackerJob, { write, made }: Build): Promise<string> => {
  const { account, runId, simulation, session, stepCount } = job;
  const { random, weather } = simulation;
  const make = async (kind: string, told: string): Promise<string> => {
    await wait(job, random.between(200, 8000));
    const { id, locator } = account.make(kind, runId);
    made.push(locator);
    write(`==> amazon-ebs.image: ${told}${id}`);
    return id;
  };
  await make(kinds.keyPair, 'Creating temporary keypair: ');
  await make(kinds.securityGroup, 'Creating temporary security group for this instance: ');
  await make(kinds.instance, 'Instance ID: ');
  for (let index = 1; index <= stepCount; index += 1) {
    const at = () => toTimestamp(session.clock.now());
    session.outbox.addStep({ index, status: 'running', at: at() });
    write(`==> amazon-ebs.image: Provisioning with shell script ${index}`, 'info', index);
    await wait(job, weather.strikes('packerHangs') ? HANG_MS : random.between(2000, 60_000));
    if (weather.strikes('packerKilled')) throw new Broken('crashed');
    if (weather.strikes('packerFails')) {
      write('==> amazon-ebs.image: Script exited with non-zero exit status: 3.', 'error', index);
      throw new Broken('failed');
    }
    session.outbox.addStep({ index, status: 'succeeded', at: at() });
  }
  await wait(job, random.between(2000, 30_000));
  const { id } = account.make(kinds.image, runId);
  write(`==> amazon-ebs.image: AMI: ${id}`);
  await wait(job, random.between(500, 5000));
  await cleanUp(job, made);
  return id;
};

/** Deletes what was made for a while; a kill leaves the rest where it is. */
const cleanUp = async ({ session, simulation, account }: PackerJob, made: string[]): Promise<void> => {
  const { control, clock } = session;
  for (const locator of made.toReversed()) {
    await clock.sleep(simulation.random.between(100, 4000), control.kill);
    if (control.kill.aborted) throw new Broken('killed');
    if (simulation.weather.strikes('cleanUpFails')) account.leave(locator);
    else account.remove(locator);
  }
};

type Left = { temporaries: Ending['temporaries']; made: string[] };

const endingOf = async (job: PackerJob, why: Break, { temporaries, made }: Left): Promise<Ending> => {
  const { session } = job;
  const rest = { artifacts: [], temporaries };
  if (why === 'killed') return killed(session, rest);
  if (why === 'crashed') return { outcome: 'failed', exitCode: null, ...rest };
  try {
    await cleanUp(job, made);
  } catch {
    return killed(session, rest);
  }
  return { outcome: why === 'failed' ? 'failed' : 'timed-out', exitCode: 1, ...rest };
};

const killed = ({ log }: Session, rest: Pick<Ending, 'artifacts' | 'temporaries'>): Ending => {
  log.say('Packer was stopped without its clean-up: what it had made stays.', 'warn');
  return { outcome: 'stopped', exitCode: null, ...rest };
};
