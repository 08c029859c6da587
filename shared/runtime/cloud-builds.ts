import {
  BatchGetBuildsCommand,
  type Build,
  CodeBuildClient,
  CodeBuildServiceException,
  StartBuildCommand,
  StopBuildCommand,
} from '@aws-sdk/client-codebuild';
import { BuildRefused, type BuildStarter, NoMoreBuilds, NoRoom } from '../actions/start-build.ts';
import type { StoredRun } from '../contracts/stored-run.ts';
import { QUEUED_MINUTES } from '../domain/run/build-start.ts';
import { sha256 } from '../domain/sha256.ts';
import { callLimits } from '../store/call-limits.ts';

/** CodeBuild ends the build this long after the run's own deadline: the runner needs the time to clean up. */
const GRACE_MINUTES = 20;

/** What CodeBuild says when it takes no more builds, and no more calls, for now. */
const NO_MORE_BUILDS = 'AccountLimitExceededException';
const NO_MORE_CALLS = new Set(['ThrottlingException', 'TooManyRequestsException']);

type Where = { apiUrl: string; projectOf: (poolId: string) => string | undefined };

/** Starts builds in the project of a run's pool. */
export const cloudBuildStarter =
  (where: Where, client = new CodeBuildClient(callLimits)): BuildStarter['startCloudBuild'] =>
  async (run, token) => {
    const projectName = where.projectOf(run.pool.id);
    if (projectName === undefined)
      throw new BuildRefused(`this deployment has no runner pool ${run.pool.id}`);
    try {
      const command = new StartBuildCommand(orderOf(run, token, { ...where, projectName }));
      return { buildId: (await client.send(command)).build?.id };
    } catch (error) {
      throw meant(error);
    }
  };

const orderOf = (run: StoredRun, token: string, { apiUrl, projectName }: Where & { projectName: string }) => {
  const text = (name: string, value: string) => ({ name, value, type: 'PLAINTEXT' as const });
  return {
    projectName,
    // One a start: the SDK's own retries must not start two builds, and a second start must not find the first (F14, F15).
    idempotencyToken: sha256(token),
    timeoutInMinutesOverride: Math.ceil(run.timeoutSeconds / 60) + GRACE_MINUTES,
    queuedTimeoutInMinutesOverride: QUEUED_MINUTES,
    environmentVariablesOverride: [
      text('GOLDSMITH_API_URL', apiUrl),
      text('GOLDSMITH_WORKSPACE_ID', run.workspaceId),
      text('GOLDSMITH_RUN_ID', run.id),
      // Good once, for one run, and for nothing but to claim it.
      text('GOLDSMITH_CLAIM_TOKEN', token),
    ],
  };
};

/** What a refusal means. Of a fault of CodeBuild or the network nobody knows whether there is a build now. */
const meant = (error: unknown): unknown => {
  if (!(error instanceof CodeBuildServiceException)) return error;
  if (error.name === NO_MORE_BUILDS) return new NoMoreBuilds(error.message, { cause: error });
  if (NO_MORE_CALLS.has(error.name)) return new NoRoom(error.message, { cause: error });
  return error.$fault === 'client' ? new BuildRefused(error.name, { cause: error }) : error;
};

/** 100 builds are the most that one BatchGetBuilds tells of. */
const BATCH = 100;

/** What CodeBuild says of the builds of due runs: one call for a hundred of them. */
export const cloudBuilds = (client = new CodeBuildClient(callLimits)) => {
  const told = new Map<string, Build | 'gone'>();
  return {
    load: async (ids: string[]): Promise<void> => {
      told.clear();
      for (let start = 0; start < ids.length; start += BATCH) {
        const asked = ids.slice(start, start + BATCH);
        const { builds = [] } = await client.send(new BatchGetBuildsCommand({ ids: asked }));
        for (const id of asked) told.set(id, builds.find((build) => build.id === id) ?? 'gone');
      }
    },

    /** How a build has ended, `gone` when CodeBuild does not know it; undefined while it runs, or nobody could tell. */
    ended: (id: string): EndedBuild | undefined => {
      const build = told.get(id);
      if (build === 'gone') return { status: 'gone', inQueue: false };
      if (build === undefined || build.buildStatus === 'IN_PROGRESS') return undefined;
      const inQueue = (build.phases ?? []).some(
        ({ phaseType, phaseStatus }) => phaseType === 'QUEUED' && phaseStatus === 'TIMED_OUT',
      );
      return { status: build.buildStatus ?? 'unknown', inQueue };
    },

    stop: async (id: string): Promise<void> => {
      await client.send(new StopBuildCommand({ id }));
    },
  };
};

/** `inQueue`: it waited for room until its time was up, and never began. */
export type EndedBuild = { status: string; inQueue: boolean };
