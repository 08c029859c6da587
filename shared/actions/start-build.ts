import type { StoredRun } from '../contracts/stored-run.ts';
import {
  beginBuild,
  coolDown,
  isBuildOver,
  isOutOfPatience,
  mayBuildAgain,
  wantsBuild,
} from '../domain/run/build-start.ts';
import { sha256 } from '../domain/sha256.ts';
import { failureOf } from '../domain/triage/classify.ts';
import { queueStore, restPool } from '../store/queue-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { changeRun } from './change-run.ts';
import type { Engine } from './engine.ts';

/** Whoever carries out builds has no room for one more, or for one more call: later there may be. */
export class NoRoom extends Error {
  override name = 'NoRoom';
}
/** It will not carry out this build, however often it is asked. */
export class BuildRefused extends Error {
  override name = 'BuildRefused';
}

export type BuildStarter = Pick<Engine, 'core' | 'now'> & {
  /** Asks for the build of a run, whose runner claims it with `token`. Throws NoRoom, BuildRefused, or what nobody knows the outcome of. */
  startCloudBuild: (run: StoredRun, token: string) => Promise<{ buildId: string | undefined }>;
  newSecret: () => string;
};

/** What became of it. `over`: nothing is to be built any more. `waiting`: it is on its way, or tried again later. */
export type BuildStart = 'over' | 'waiting' | 'started' | 'refused';

/**
 * Starts the build of a run, if none is on its way. Harmless to repeat, also at the same moment: the claim of the last
 * start is in force, and a runner with another one ends. What fails for want of room, or without an answer, is tried
 * again by the reconciler. `taskToken`: of the workflow's state that waits for the build.
 */
export const startBuild = async (
  starter: BuildStarter,
  scope: WorkspaceScope,
  runId: string,
  taskToken?: string,
): Promise<BuildStart> => {
  const token = starter.newSecret();
  const tokenSha256 = sha256(token);
  const run = await takeStart(starter, scope, runId, { tokenSha256, taskToken });
  if (isBuildOver(run)) return 'over';
  if (run.claim?.tokenSha256 !== tokenSha256) return 'waiting';
  try {
    const { buildId } = await starter.startCloudBuild(run, token);
    await noteStarted(starter, scope, run, buildId);
    return 'started';
  } catch (error) {
    if (error instanceof NoRoom) return postpone(starter, scope, run);
    if (!(error instanceof BuildRefused)) throw error;
    return refuse(starter, scope, run, `The build could not be started: ${error.message}`);
  }
};

/** Makes the claim of this start the one in force; leaves the run when another start is under way. */
const takeStart = (
  { core, now }: BuildStarter,
  scope: WorkspaceScope,
  runId: string,
  { tokenSha256, taskToken }: { tokenSha256: string; taskToken: string | undefined },
): Promise<StoredRun> =>
  changeRun(core, scope, runId, (run) => {
    const own = taskToken === undefined || taskToken === run.taskToken ? {} : { taskToken };
    if (wantsBuild(run, now())) {
      const changes = { ...beginBuild(run, tokenSha256, now()), ...own };
      return { changes, options: { remove: ['buildId'] } };
    }
    // A state that was entered again: whatever is under way ends this one.
    return isBuildOver(run) || own.taskToken === undefined ? undefined : { changes: own };
  });

/** Only of the start in force: an answer that comes late must not put an old build in the place of the new. */
const isInForce = (run: StoredRun, start: StoredRun): boolean =>
  run.status === 'Running' && run.claim?.tokenSha256 === start.claim?.tokenSha256;

const noteStarted = async (
  { core }: BuildStarter,
  scope: WorkspaceScope,
  start: StoredRun,
  buildId: string | undefined,
): Promise<void> => {
  await changeRun(core, scope, start.id, (run) =>
    isInForce(run, start)
      ? { changes: { buildId }, options: { remove: ['startAgainAt', 'startTries', 'statusReason'] } }
      : orphaned(run, buildId),
  );
};

/** A stop came between the start and its answer: nobody claims that build, but whoever ends it must know it. */
const orphaned = (run: StoredRun, buildId: string | undefined) =>
  run.stopRequestedAt !== undefined && run.lease === undefined && run.buildId === undefined
    ? { changes: { buildId } }
    : undefined;

/**
 * There was no room for a start: it is tried again later, or the run fails when that went on for too long. The run keeps
 * its slot, and its pool admits nobody else for as long. Leaves the run when another start is in force.
 */
export const postpone = async (
  starter: BuildStarter,
  scope: WorkspaceScope,
  start: StoredRun,
): Promise<BuildStart> => {
  const now = starter.now();
  const resting = await queueStore(starter.core, start.pool.id).coolingUntil(now);
  if (isOutOfPatience(start))
    return refuse(starter, scope, start, 'CodeBuild had no room for the build for two hours.');
  await changeRun(starter.core, scope, start.id, (run) => {
    if (!isInForce(run, start) || run.lease !== undefined) return undefined;
    const rest = coolDown(run, now);
    const statusReason = `CodeBuild has no room for the build; it is tried again at ${rest.startAgainAt}`;
    const changes = { ...rest, statusReason };
    // Another run may have found out already that it takes longer.
    const isLonger = resting === undefined || resting < rest.startAgainAt;
    const more = isLonger ? [restPool(run.pool.id, rest.startAgainAt)] : [];
    return { changes, options: { remove: ['claim', 'buildId'], more } };
  });
  return 'waiting';
};

const refuse = async (
  { core }: BuildStarter,
  scope: WorkspaceScope,
  start: StoredRun,
  message: string,
): Promise<BuildStart> => {
  const failure = failureOf('runner-not-started', { message });
  const run = await changeRun(core, scope, start.id, (current) =>
    isInForce(current, start) && current.verdict === undefined && current.completion === undefined
      ? { changes: { verdict: { outcome: 'failed', failure } } }
      : undefined,
  );
  return run.verdict === undefined ? 'waiting' : 'refused';
};

/**
 * After a build that was lost: makes room for another, if the run may have one, and answers whether it may. Under the
 * same number; whoever held the lease of the lost build holds it no more.
 */
export const buildAgain = async (
  { core, now }: Pick<BuildStarter, 'core' | 'now'>,
  scope: WorkspaceScope,
  lost: StoredRun,
  why: string,
): Promise<boolean> => {
  const isSame = (run: StoredRun) => run.buildId === lost.buildId && mayBuildAgain(run);
  const run = await changeRun(core, scope, lost.id, (current) =>
    isSame(current)
      ? {
          changes: {
            attempt: 2,
            startAgainAt: now(),
            phase: 'provisioning',
            statusReason: `${why}; another build is started`,
          },
          options: { remove: ['lease', 'claim', 'buildId'] },
        }
      : undefined,
  );
  return run.attempt === 2 && run.buildId === undefined && run.lease === undefined;
};
