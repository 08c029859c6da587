import type { StoredRun, Verdict } from '../contracts/stored-run.ts';
import { classifyFailure, type FailedBuild, failureOf } from '../domain/triage/classify.ts';
import { platformOf } from '../platforms/registry.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { sayInLog } from './append-log.ts';
import { changeRun } from './change-run.ts';
import type { Engine } from './engine.ts';
import { connectPlatform, snapshotOf } from './platform-access.ts';

type Completed = StoredRun & { completion: NonNullable<StoredRun['completion']> };

/**
 * Judges a run whose runner has reported its end, and writes the verdict: an image is only believed when the platform
 * shows it. Harmless to repeat. Answers the run as it is then.
 */
export const verifyImage = async (
  engine: Engine,
  scope: WorkspaceScope,
  run: Completed,
): Promise<StoredRun> => {
  if (run.verdict !== undefined) return run;
  const found = run.completion.outcome === 'succeeded' ? await findImage(engine, scope, run) : undefined;
  const verdict = found?.verdict ?? verdictOf(run);
  return changeRun(engine.core, scope, run.id, (current) =>
    current.verdict !== undefined || current.status !== 'Running'
      ? undefined
      : { changes: { verdict, phase: 'finishing', locators: found?.locators } },
  );
};

const findImage = async (engine: Engine, scope: WorkspaceScope, run: Completed) => {
  const snapshot = await snapshotOf(engine, run);
  const platform = platformOf(snapshot.builderConfiguration.platform);
  const client = await connectPlatform(engine, run, snapshot);
  const imageName = platform.imageName(run.imageName, run.number);
  const accountId = await client.accountId();
  const told = run.completion.artifacts.flatMap((artifact) =>
    platform.readArtifact(artifact, { imageName, accountId }),
  );
  const locators = told.length === 0 ? [] : await client.locate(told);
  if (locators.length > 0 && locators.length === told.length) {
    const where = locators.map((one) => `${one.amiId} in ${one.region}`).join(', ');
    await sayInLog(engine, scope, run.id, [{ text: `Image ${imageName} is there: ${where}.` }]);
    return { verdict: { outcome: 'succeeded' as const }, locators };
  }
  const message = `Packer reported ${told.length} image(s), the platform shows ${locators.length}.`;
  const logSeq = await sayInLog(engine, scope, run.id, [{ text: message, level: 'error' }]);
  return {
    verdict: {
      outcome: 'failed' as const,
      failure: failureOf('image-missing-after-build', { message, logSeq }),
    },
  };
};

const verdictOf = (run: Completed): Verdict => {
  const { completion } = run;
  if (completion.outcome === 'stopped') return { outcome: 'stopped' };
  const lastStep = run.steps.findLast((step) => step.status === 'running' || step.status === 'failed')?.index;
  const build: FailedBuild = {
    outcome: completion.outcome,
    exitCode: completion.exitCode,
    errors: completion.errors,
    steps: run.steps,
    lastStep,
  };
  return { outcome: 'failed', failure: classifyFailure(build) };
};
