import type { StoredRun } from '../contracts/stored-run.ts';
import {
  beginBuild,
  coolDown,
  isBuildOver,
  isOutOfPatience,
  mayBuildAgain,
  wantsBuild,
} from '../domain/run/build-start.ts';
import { refusedRoom } from '../domain/run/pool-room.ts';
import { sha256 } from '../domain/sha256.ts';
import { failureOf } from '../domain/triage/classify.ts';
import { markWaiting, queueStore, restPool } from '../store/queue-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Write } from '../store/write.ts';
import { changeRun } from './change-run.ts';
import type { Count, Engine } from './engine.ts';

/** Whoever carries out builds has no room for one more call, or for one more build: later there may be. */
export class NoRoom extends Error {
  override name = 'NoRoom';
}
/** It has as many builds as it takes: those that are under way now are what there is room for. */
export class NoMoreBuilds extends NoRoom {
  override name = 'NoMoreBuilds';
}
/** It will not carry out this build, however often it is asked. */
export class BuildRefused extends Error {
  override name = 'BuildRefused';
}

export type BuildStarter = Pick<Engine, 'core' | 'now'> & {
  /** Asks for the build of a run, whose runner claims it with `token`. Throws NoRoom, BuildRefused, or what nobody knows the outcome of. */
  startCloudBuild: (run: StoredRun, token: string) => Promise<{ buildId: string | undefined }>;
  newSecret: () => string;
  count?: Count;
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
    if (error instanceof NoRoom)
      return postpone(starter, scope, run, { isFull: error instanceof NoMoreBuilds });
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
      ? { changes: { buildId }, options: { remove: [...WAITED], more: waitsNoMore(run) } }
      : orphaned(run, buildId),
  );
};

/** What says of a run that it waits for its build. */
const WAITED = ['startAgainAt', 'startTries', 'statusReason'] as const;

const waitsNoMore = (run: StoredRun): Write[] =>
  run.startTries === undefined ? [] : markWaiting(run, false);

/** A stop came between the start and its answer: nobody claims that build, but whoever ends it must know it. */
const orphaned = (run: StoredRun, buildId: string | undefined) =>
  run.stopRequestedAt !== undefined && run.lease === undefined && run.buildId === undefined
    ? { changes: { buildId } }
    : undefined;

/**
 * There was no room for a start: it is tried again later, or the run fails when that went on for too long. The run keeps
 * its slot, and its pool admits nobody else for as long. `isFull`: there were as many builds as there may be; then the
 * pool has no more than are under way, until that is tried again. Leaves the run when another start is in force.
 */
export const postpone = async (
  starter: BuildStarter,
  scope: WorkspaceScope,
  start: StoredRun,
  { isFull }: { isFull: boolean },
): Promise<BuildStart> => {
  if (isFull) starter.count?.('BuildsRefused');
  if (isOutOfPatience(start))
    return refuse(starter, scope, start, 'CodeBuild had no room for the build for two hours.');
  const now = starter.now();
  const queue = queueStore(starter.core, start.pool.id);
  const [room, underWay] = await Promise.all([
    queue.room(),
    isFull ? queue.underWayBeside(start.id) : undefined,
  ]);
  await changeRun(starter.core, scope, start.id, (run) => {
    if (!isInForce(run, start) || run.lease !== undefined) return undefined;
    const rest = coolDown(run, now);
    const statusReason = `CodeBuild has no room for the build; it is tried again at ${rest.startAgainAt}`;
    const shown = refusedRoom(room, { until: rest.startAgainAt, now, underWay });
    const more = [restPool(run.pool.id, shown), ...markWaiting(run, true)];
    return { changes: { ...rest, statusReason }, options: { remove: ['claim', 'buildId'], more } };
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
