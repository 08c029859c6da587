import { sayInLog } from '../../../shared/actions/append-log.ts';
import { changeRun } from '../../../shared/actions/change-run.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import { connectPlatform, identityOf, snapshotOf } from '../../../shared/actions/platform-access.ts';
import type { PackerGeneration } from '../../../shared/contracts/bundle.ts';
import type { Failure } from '../../../shared/contracts/entities/run.ts';
import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import type { TaskResult } from '../../../shared/contracts/workflow.ts';
import { isErrorId } from '../../../shared/domain/triage/catalogue.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { findMisfits } from '../../../shared/packer/misfits.ts';
import { PlatformError } from '../../../shared/platforms/platform.ts';
import { platformOf } from '../../../shared/platforms/registry.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** What the runners of this deployment bring along. */
export type Target = { generation: PackerGeneration; ec2Endpoint?: string | undefined };

/**
 * Resolves the base image, compiles the template and stores the job bundle. What is wrong is written to the log and
 * the run as its verdict, and the workflow goes to Finish. Repeating it gives the same bundle.
 */
export const prepareRun = async (
  engine: Engine,
  scope: WorkspaceScope,
  runId: string,
  target: Target,
): Promise<TaskResult> => {
  const run = await runStore(engine.core, scope).get(runId);
  if (run === undefined || run.status !== 'Running' || run.stopRequestedAt !== undefined)
    return { next: 'finish' };
  if (run.bundle !== undefined) return { next: 'go-on' };
  try {
    await prepare(engine, scope, run, target);
    return { next: 'go-on' };
  } catch (error) {
    const failure = await explain(engine, scope, runId, error);
    await changeRun(engine.core, scope, runId, (current) =>
      current.verdict === undefined ? { changes: { verdict: { outcome: 'failed', failure } } } : undefined,
    );
    return { next: 'finish' };
  }
};

/** A step that cannot run on the operating system; found before a machine is made. */
class UnfitStep extends Error {
  readonly step: string;
  constructor(step: string, detail: string) {
    super(detail);
    this.name = 'UnfitStep';
    this.step = step;
  }
}

const prepare = async (
  engine: Engine,
  scope: WorkspaceScope,
  run: StoredRun,
  target: Target,
): Promise<void> => {
  const snapshot = await snapshotOf(engine, run);
  demandFit(snapshot);
  const client = await connectPlatform(engine, run, snapshot);
  const baseImage = await client.resolveBaseImage();
  const platform = platformOf(snapshot.builderConfiguration.platform);
  const buildSite = platform.buildSite(snapshot);
  const bundle = compileBundle({
    run: identityOf(run, engine.deploymentId),
    snapshot,
    baseImage,
    platform,
    ...target,
  });
  const stored = await engine.files.putBundle(scope, run.id, bundle);
  const text = `Base image ${baseImage.name ?? snapshot.operatingSystem.name} (${baseImage.id}).`;
  await sayInLog(engine, scope, run.id, [{ text: `Run ${run.number} of ${run.imageName}.` }, { text }]);
  await changeRun(engine.core, scope, run.id, (current) =>
    current.status === 'Running' ? { changes: { bundle: stored, baseImage, buildSite } } : undefined,
  );
};

const demandFit = (snapshot: RunSnapshot): void => {
  const [misfit] = findMisfits(snapshot);
  if (misfit !== undefined) throw new UnfitStep(misfit.name, misfit.detail);
};

const explain = async (
  engine: Engine,
  scope: WorkspaceScope,
  runId: string,
  error: unknown,
): Promise<Failure> => {
  const meant = error instanceof UnfitStep || error instanceof PlatformError;
  if (!meant) logger.error('a run could not be prepared', { runId, error });
  const message = meant
    ? error.message
    : 'Something went wrong on our side while the run was prepared. Run again.';
  const logSeq = await sayInLog(engine, scope, runId, [{ text: message, level: 'error' }]);
  if (error instanceof UnfitStep) {
    return failureOf('provisioner-os-mismatch', { message, step: error.step, logSeq });
  }
  const errorId = error instanceof PlatformError && isErrorId(error.errorId) ? error.errorId : 'unclassified';
  return failureOf(errorId, { message, logSeq });
};
