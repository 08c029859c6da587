import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Completion, TemporaryResource } from '../../shared/contracts/agent-protocol.ts';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import { announcePacker } from './announce-packer.ts';
import { UnreachableError } from './agent-errors.ts';
import { createBuildFacts, type ReadOutput } from './build-facts.ts';
import { describeDuration } from './clock.ts';
import { startCredentialsEndpoint, startIdentityEndpoint } from './credentials-endpoint.ts';
import { imageFolderVariable } from './image-folder.ts';
import { BundleError, fetchBundle } from './job-bundle.ts';
import { fetchDownloads } from './job-downloads.ts';
import { createJobFolder, type JobFolder, loginFileOf, writeBundleFiles } from './job-folder.ts';
import { createOutputReader, type OutputReader } from './output-reader.ts';
import { type LoginWatch, watchLogin } from './login-watch.ts';
import { packerEnvironment } from './packer-environment.ts';
import { type PackerEnd, runPacker } from './packer-process.ts';
import { type PackerFound, refuseGeneration } from './packer-version.ts';
import type { Session } from './session.ts';
import { createSilenceWatch } from './silence-watch.ts';
import { StepTracker } from './step-tracker.ts';

/** How a build ended, as the completion says it. */
export type Ending = Pick<Completion, 'outcome' | 'exitCode' | 'artifacts' | 'temporaries' | 'login'>;

export type BuildTools = {
  packer: string;
  found: PackerFound | undefined;
  /** The reader of facts of a platform, by the platform's id. */
  readOutputOf: (platform: string) => ReadOutput;
  environment: NodeJS.ProcessEnv;
};

/** A job whose files are there. */
type Prepared = { session: Session; tools: BuildTools; bundle: JobBundle; folder: JobFolder };
/** Everything of one build while Packer runs. */
type Job = Prepared & {
  reader: OutputReader;
  login: LoginWatch;
  tracker: StepTracker;
  environment: Record<string, string>;
};

/** Most artifacts of a completion (agent protocol). */
const MAX_ARTIFACTS = 20;

/** How often a silent step is looked for, in milliseconds. */
const TICK = 1000;

/**
 * Does the work of a claimed run up to Packer's end, whatever that is. It does not reject: what goes wrong is in
 * the run's log and makes the outcome.
 */
export const executeBuild = async (session: Session, tools: BuildTools): Promise<Ending> => {
  const nothing = { exitCode: null, artifacts: [], temporaries: [] };
  try {
    return await prepareBuild(session, tools);
  } catch (error) {
    if (session.control.killReason() !== undefined) {
      session.log.say('The run was stopped before Packer had made anything.', 'warn');
      return { outcome: 'stopped', ...nothing };
    }
    session.log.say(describeFailure(error), 'error');
    // A job that nobody could fetch until the end says more than that the time was up.
    const isLate = !(error instanceof BundleError) && session.clock.now() >= session.control.cleanUpAt();
    return { outcome: isLate ? 'timed-out' : 'failed', ...nothing };
  }
};

const describeFailure = (error: unknown): string => {
  if (error instanceof BundleError) return error.message;
  if (error instanceof UnreachableError)
    return `The API could not be reached until the time of the run was up: ${error.message}.`;
  return `The runner failed: ${error instanceof Error ? error.message : 'for an unknown reason'}`;
};

const prepareBuild = async (session: Session, tools: BuildTools): Promise<Ending> => {
  const { links, control } = session;
  const patience = { until: control.cleanUpAt, signal: control.kill };
  const bundle = await fetchBundle(session.tools, links, patience);
  const refusal = refuseGeneration(tools.found, bundle.generation);
  if (refusal !== undefined) throw new BundleError(refusal);
  const folder = await createJobFolder(session.workDir);
  try {
    await writeBundleFiles(folder.files, bundle.files);
    const { downloads } = bundle;
    await fetchDownloads(session.tools, folder.files, { downloads, links }, patience);
    return await withCredentials(session, (credentials) =>
      runJob({ session, tools, bundle, folder }, credentials),
    );
  } finally {
    // What became of the build is not changed by files that are left.
    await folder.remove().catch(() => session.log.say(`Files are left in ${folder.root}`, 'warn'));
  }
};

/** Serves the run's credentials, if there are any, for as long as `work` takes. */
const withCredentials = async <T>(
  { claim, client, clock, redactor }: Session,
  work: (environment: Record<string, string>) => Promise<T>,
): Promise<T> => {
  if (claim.credentials === 'none') return work({});
  const onSecrets = (values: string[]): void => void redactor.add(values);
  const start = claim.credentials === 'aws' ? startCredentialsEndpoint : startIdentityEndpoint;
  const endpoint = await start({ client, clock, onSecrets });
  try {
    return await work(endpoint.environment);
  } finally {
    await endpoint.close();
  }
};

const runJob = async (prepared: Prepared, credentials: Record<string, string>): Promise<Ending> => {
  const { session, tools, bundle, folder } = prepared;
  const { log, outbox, clock, redactor } = session;
  const nonce = randomBytes(16).toString('hex');
  const variables = {
    ...session.claim.variables,
    ...(await imageFolderVariable(bundle, session.imageFolder)),
  };
  const environment = packerEnvironment({ own: tools.environment, folder, variables, nonce, credentials });
  const facts = createBuildFacts(tools.readOutputOf(bundle.platform), outbox);
  const { steps, generation } = bundle;
  const { redact } = redactor;
  const tracker = new StepTracker({ steps, clock, onEvent: outbox.addStep, onLine: log.say });
  const reader = createOutputReader({
    nonce,
    generation,
    tracker,
    facts,
    redact,
    onLine: (line) => log.write({ ...line, step: tracker.current() }),
  });
  const login = watchLogin({
    file: loginFileOf(folder),
    redactor,
    hasBegun: () => tracker.current() !== null,
  });
  const ticking = setInterval(() => tracker.tick(), TICK);
  try {
    const end = await runPhases({ ...prepared, reader, login, tracker, environment });
    const ending = judge(session, end, { reader, login, temporaries: facts.temporaries() });
    tracker.finish(ending.outcome === 'timed-out' ? 'failed' : ending.outcome);
    return ending;
  } finally {
    clearInterval(ticking);
  }
};

/** Runs Packer's commands in order; the first that does not succeed is the end. */
const runPhases = async (job: Job): Promise<PackerEnd> => {
  const { bundle, folder } = job;
  const isPluginFile = existsSync(path.join(folder.files, 'plugins.pkr.json'));
  // Asks nobody for plugins that are installed in the versions wanted: a machine may bring them along and have no network.
  if (bundle.generation === 'modern' && isPluginFile) {
    const end = await runPhase(job, ['init', '-machine-readable', '.']);
    if (end.exitCode !== 0) return end;
  }
  await announcePacker(job.session);
  // Without `validate` before it: `build` begins with the same checks, says the same, and has made nothing by then.
  return runPhase(job, ['build', '-machine-readable', '-on-error=cleanup', '.']);
};

const runPhase = (job: Job, args: string[]): Promise<PackerEnd> => {
  const { session, tools, folder, reader, login, environment } = job;
  return runPacker({
    packer: tools.packer,
    args,
    cwd: folder.files,
    environment,
    control: session.control,
    clock: session.clock,
    silence: watchSilence(job),
    onLine: (line, source) => {
      login.look();
      reader.read(line, source);
    },
    room: session.shipper.room,
    onOutOfTime: () => session.log.say('The time of the run is up: Packer is told to clean up.', 'error'),
  });
};

/** What hangs is told of, and ended when it goes on. The last line is what the failure is classified by. */
const watchSilence = ({ session: { claim, clock, log }, tracker }: Job) => {
  const limits = claim.silence;
  const longest = describeDuration(limits.endAfterSeconds * 1000);
  return createSilenceWatch({
    limits,
    clock,
    onWarn: (silent) =>
      log.say(
        `No output for ${describeDuration(silent)} ${tracker.where()}; the build is ended after ${longest} of silence.`,
        'warn',
        tracker.current(),
      ),
    onEnd: (silent) =>
      log.say(
        `No output for ${describeDuration(silent)} ${tracker.where()}: Packer is told to clean up.`,
        'error',
      ),
  });
};

/** The outcome: success needs exit code 0 and an artifact with an id, and then it stands whatever else happened. */
const judge = (
  { log, control }: Session,
  end: PackerEnd,
  {
    reader,
    login,
    temporaries,
  }: { reader: OutputReader; login: LoginWatch; temporaries: TemporaryResource[] },
): Ending => {
  const { exitCode } = end;
  const artifacts = exitCode === 0 ? reader.artifacts().slice(0, MAX_ARTIFACTS) : [];
  const rest = { exitCode, artifacts, temporaries };
  if (exitCode === 0 && artifacts.length > 0) return { outcome: 'succeeded', ...rest };
  if (end.wasKilled && control.killReason() !== undefined) {
    log.say('Packer was stopped without its clean-up: what it had made stays.', 'warn');
    return { outcome: 'stopped', ...rest, ...withLogin(login) };
  }
  if (end.wasKilled) log.say('Packer had not cleaned up in time and was killed.', 'error');
  // Where Packer has said what is wrong, that it ended is no error of its own.
  else
    log.say(
      describeExit(end),
      exitCode !== 0 && exitCode !== null && log.errors().length > 0 ? 'info' : 'error',
    );
  return { outcome: end.wasOutOfTime ? 'timed-out' : 'failed', ...rest };
};

/** Only of a build whose VM stays. */
const withLogin = (watch: LoginWatch): Pick<Ending, 'login'> => {
  const login = watch.login();
  return login === undefined ? {} : { login };
};

const describeExit = ({ exitCode, signal }: PackerEnd): string => {
  if (signal !== null)
    return `Packer was ended by ${signal}, not by Goldsmith: was the machine out of memory?`;
  if (exitCode === 0) return 'Packer ended without an error, but named no image.';
  return `Packer ended with exit code ${exitCode}.`;
};
