import type { Locator } from '../contracts/entities/image-version.ts';
import type { StoredRun, Verdict } from '../contracts/stored-run.ts';
import { placeOf } from '../domain/definition/place-of.ts';
import type { ErrorId } from '../domain/triage/catalogue.ts';
import { classifyFailure, type FailedBuild, failureOf } from '../domain/triage/classify.ts';
import type { BuildSite } from '../domain/triage/windows-logs.ts';
import { PlatformError } from '../platforms/platform.ts';
import { platformOf } from '../platforms/registry.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { sayUnlessClosed } from './append-log.ts';
import { changeRun } from './change-run.ts';
import type { Engine } from './engine.ts';
import { connectPlatform, identityOf, snapshotOf } from './platform-access.ts';

export type Verifying = Engine & {
  /** Waits so many milliseconds; tests do not. */
  pause: (milliseconds: number) => Promise<unknown>;
  /** The pauses between looks for an image, in milliseconds; two minutes of them where nothing is said. */
  pausesMs?: readonly number[];
};
type Completed = StoredRun & { completion: NonNullable<StoredRun['completion']> };

/**
 * Judges a run whose runner has reported its end, and writes the verdict: an image is only believed when the platform
 * shows it. Harmless to repeat. A platform that cannot be asked is a verdict too. Answers the run as it is then.
 */
export const verifyImage = async (
  engine: Verifying,
  scope: WorkspaceScope,
  run: Completed,
): Promise<StoredRun> => {
  if (run.verdict !== undefined) return run;
  const found = run.completion.outcome === 'succeeded' ? await findImage(engine, scope, run) : undefined;
  const verdict = found?.verdict ?? verdictOf(run, await siteOf(engine, run));
  const judged = await changeRun(engine.core, scope, run.id, (current) =>
    current.verdict !== undefined || current.status !== 'Running'
      ? undefined
      : { changes: { verdict, phase: 'finishing', locators: found?.locators } },
  );
  if (found?.locators !== undefined) await sayFound(engine, scope, run, found.locators);
  return judged;
};

/** Told when it is judged already: a log that takes no line must not fail a good image. */
const sayFound = async (
  engine: Verifying,
  scope: WorkspaceScope,
  run: Completed,
  locators: Locator[],
): Promise<void> => {
  const where = locators.map(placeOf).join(', ');
  await sayUnlessClosed(engine, scope, run.id, [
    { text: `Image ${run.imageName}-v${run.number} is there: ${where}.` },
  ]);
};

type Found = { verdict: Verdict; locators?: Locator[] };

const findImage = async (engine: Verifying, scope: WorkspaceScope, run: Completed): Promise<Found> => {
  try {
    const { told, locators } = await askPlatform(engine, run);
    if (told > 0 && locators.length === told) return { verdict: { outcome: 'succeeded' }, locators };
    const message = `Packer reported ${told} image(s), the platform shows ${locators.length}.`;
    return await failed(engine, scope, run, 'image-missing-after-build', message);
  } catch (error) {
    const known = error instanceof PlatformError ? error : undefined;
    if (known === undefined && !isOutOfPatience(engine, run)) throw error;
    const message = `The image could not be looked up: ${known?.message ?? 'the platform did not answer'}`;
    return failed(engine, scope, run, known?.errorId ?? 'platform-unreachable', message);
  }
};

/**
 * What is no word of the platform is trouble of our own: a table, a bucket, a key. It decides nothing about an image that
 * may be good, so that everybody who verifies throws and the reconciler tries again; but not for ever.
 */
const OWN_TROUBLE_MS = 3_600_000;
const isOutOfPatience = ({ now }: Verifying, { lease }: Completed): boolean =>
  lease === undefined || Date.parse(now()) - Date.parse(lease.lastHeardAt) > OWN_TROUBLE_MS;

const failed = async (
  engine: Verifying,
  scope: WorkspaceScope,
  run: Completed,
  errorId: ErrorId,
  message: string,
) => {
  const logSeq = (await sayUnlessClosed(engine, scope, run.id, [{ text: message, level: 'error' }])) ?? null;
  return { verdict: { outcome: 'failed' as const, failure: failureOf(errorId, { message, logSeq }) } };
};

/** A new image may take a while to show, and a call may fail and pass a second later: 8 tries over two minutes. */
const PAUSES_MS = [500, 1000, 2000, 5000, 15_000, 30_000, 60_000];

/** Asks until the platform shows every image that Packer told of, or patience ends. Throws the last error. */
const askPlatform = async (engine: Verifying, run: Completed) => {
  for (const pause of engine.pausesMs ?? PAUSES_MS) {
    try {
      const answer = await lookUp(engine, run);
      if (answer.locators.length === answer.told) return answer;
    } catch {
      // The last try tells.
    }
    await engine.pause(pause);
  }
  return lookUp(engine, run);
};

const lookUp = async (engine: Verifying, run: Completed): Promise<{ told: number; locators: Locator[] }> => {
  const snapshot = await snapshotOf(engine, run);
  const platform = platformOf(snapshot.builderConfiguration.platform);
  const client = await connectPlatform(engine, run, snapshot);
  const accountId = await client.accountId();
  const context = { snapshot, run: identityOf(run, engine.deploymentId), accountId };
  const told = run.completion.artifacts.flatMap((artifact) => platform.readArtifact(artifact, context));
  return { told: told.length, locators: told.length === 0 ? [] : await client.locate(told) };
};

/** What is built and where; undefined when the snapshot cannot be read: a remedy that says less is better than no verdict. */
const siteOf = async (engine: Verifying, run: Completed): Promise<BuildSite | undefined> => {
  try {
    const { builderConfiguration, operatingSystem } = await snapshotOf(engine, run);
    return { platform: builderConfiguration.platform, family: operatingSystem.family };
  } catch {
    return undefined;
  }
};

const verdictOf = (run: Completed, site: BuildSite | undefined): Verdict => {
  const { completion } = run;
  // A runner also ends as stopped when something kills it; that is a stop only when somebody asked for one.
  if (completion.outcome === 'stopped') {
    if (run.stopRequestedAt !== undefined) return { outcome: 'stopped' };
    const message = 'The runner was told to end before its build had ended, and nobody asked for it.';
    return { outcome: 'failed', failure: failureOf('build-interrupted', { message }) };
  }
  const lastStep = run.steps.findLast((step) => step.status === 'running' || step.status === 'failed')?.index;
  const build: FailedBuild = {
    outcome: completion.outcome,
    exitCode: completion.exitCode,
    errors: completion.errors,
    steps: run.steps,
    lastStep,
  };
  return { outcome: 'failed', failure: classifyFailure(build, site) };
};
