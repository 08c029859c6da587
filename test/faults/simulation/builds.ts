import type { Send } from '../../../functions/runner/http-call.ts';
import { BuildRefused, NoMoreBuilds, NoRoom } from '../../../shared/actions/start-build.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { QUEUED_MINUTES } from '../../../shared/domain/run/build-start.ts';
import type { EndedBuild } from '../../../shared/runtime/cloud-builds.ts';
import type { Account } from './account.ts';
import type { Invocation, Simulation } from './invocation.ts';
import { type Runner, startRunner } from './runner.ts';

type State = EndedBuild | 'IN_PROGRESS';
type Build = {
  id: string;
  run: StoredRun;
  token: string;
  states: { at: number; state: State }[];
  runner?: Runner;
};

/** CodeBuild ends a build this long after the time of its run (shared/runtime/cloud-builds.ts). */
const GRACE_MS = 20 * 60_000;
/** What BatchGetBuilds tells may be as old as this. */
const STALE_MS = 90_000;
/** Between SIGTERM and SIGKILL when a build is stopped. */
const TERM_MS = 5000;

type Parts = { account: Account; reach: (buildId: string) => Send };

/** CodeBuild: builds that wait, run their runner and end, with or without it. */
export const createBuilds = (simulation: Simulation, parts: Parts) => {
  const { time, random, weather, tell } = simulation;
  const builds = new Map<string, Build>();
  const byToken = new Map<string, Build>();

  const begin = (run: StoredRun, token: string): Build => {
    const earlier = byToken.get(token);
    if (earlier !== undefined) return earlier;
    const id = `runners:${builds.size + 1}`;
    const build: Build = { id, run, token, states: [{ at: time.now(), state: 'IN_PROGRESS' }] };
    builds.set(id, build);
    byToken.set(token, build);
    tell('codebuild', `takes ${id} for ${run.id}`);
    void execute(simulation, parts, build);
    return build;
  };
  const stop = async (id: string): Promise<void> => {
    const build = builds.get(id);
    if (build === undefined) throw new Error('ResourceNotFoundException');
    if (weather.strikes('stopBuildLate')) await time.sleep(random.between(1000, 60_000));
    if (stateOf(build) !== 'IN_PROGRESS') return;
    build.runner?.terminate();
    await time.sleep(TERM_MS);
    end(simulation, build, { status: 'STOPPED', inQueue: false });
  };
  return {
    builds,
    /** As a function starts one. */
    starter:
      (self: Invocation) =>
      (run: StoredRun, token: string): Promise<{ buildId: string | undefined }> =>
        self.call(() => {
          if (weather.strikes('buildsThrottled'))
            throw random.chance(0.5) ? new NoMoreBuilds('AccountLimitExceeded') : new NoRoom('Throttling');
          if (weather.strikes('buildsRefuse')) throw new BuildRefused('InvalidInputException');
          if (weather.strikes('startBuildFails')) throw new Error('InternalServerError');
          const { id } = begin(run, token);
          if (weather.strikes('startBuildAnswerLost')) throw new Error('the connection was lost');
          return { buildId: id };
        }),
    /** As one reconciler sees them: what it loaded, and nothing else. */
    seenBy: (self: Invocation) => {
      const known = new Map<string, State>();
      return {
        load: (ids: string[]): Promise<void> =>
          self.call(() => {
            known.clear();
            const at = time.now() - (weather.strikes('buildsStale') ? random.between(1000, STALE_MS) : 0);
            for (const id of ids) {
              const state = stateAt(builds.get(id), at);
              if (state !== undefined) known.set(id, state);
            }
          }),
        ended: (id: string): EndedBuild | undefined => {
          const state = known.get(id);
          return state === undefined
            ? { status: 'gone', inQueue: false }
            : state === 'IN_PROGRESS'
              ? undefined
              : state;
        },
        stop: (id: string): Promise<void> =>
          self.call(() => {
            if (weather.strikes('stopBuildLost')) throw new Error('InternalServerError');
            tell('codebuild', `is told to stop ${id}`);
            void stop(id);
          }),
      };
    },
  };
};

const stateOf = (build: Build): State | undefined => build.states.at(-1)?.state;

/** A build that CodeBuild took is known from then on; what became of it shows later when an answer is old. */
const stateAt = (build: Build | undefined, at: number): State | undefined =>
  build === undefined ? undefined : (build.states.findLast((one) => one.at <= at) ?? build.states[0])?.state;

/** The build is over, and so is every process in it. */
const end = ({ time, tell }: Simulation, build: Build, state: EndedBuild): void => {
  if (stateOf(build) !== 'IN_PROGRESS') return;
  build.states.push({ at: time.now(), state });
  build.runner?.kill();
  tell('codebuild', `${build.id} has ended: ${state.status}`);
};

const queueMs = ({ random, weather }: Simulation): number => {
  if (weather.strikes('buildQueuedTooLong')) return QUEUED_MINUTES * 60_000;
  return weather.strikes('buildQueuedLong')
    ? random.between(60_000, (QUEUED_MINUTES - 1) * 60_000)
    : random.between(500, 20_000);
};

const execute = async (simulation: Simulation, { account, reach }: Parts, build: Build): Promise<void> => {
  const { time, random, weather } = simulation;
  const finish = (status: string, inQueue = false) => end(simulation, build, { status, inQueue });
  const waited = queueMs(simulation);
  await time.sleep(waited);
  if (waited >= QUEUED_MINUTES * 60_000) return finish('TIMED_OUT', true);
  if (weather.strikes('buildFailsBeforeRunner')) return finish('FAULT');
  if (stateOf(build) !== 'IN_PROGRESS') return;
  const { run, token, id } = build;
  const order = {
    workspaceId: run.workspaceId,
    runId: run.id,
    token,
    buildId: id,
    stepCount: run.steps.length,
  };
  build.runner = startRunner(simulation, { account, send: reach(id) }, order);
  const timers = [time.timer(run.timeoutSeconds * 1000 + GRACE_MS, () => finish('TIMED_OUT'))];
  if (weather.strikes('buildFailsMidway'))
    timers.push(time.timer(random.between(1000, 10 * 60_000), () => finish('FAULT')));
  const exitCode = await build.runner.ended;
  await time.sleep(random.between(500, 5000));
  for (const timer of timers) timer.cancel();
  finish(exitCode === 0 ? 'SUCCEEDED' : 'FAILED');
};
