import { appendLog } from '../../shared/actions/append-log.ts';
import { changeRun } from '../../shared/actions/change-run.ts';
import type { Engine } from '../../shared/actions/engine.ts';
import type { ChunkRequest, Progress, Standing } from '../../shared/contracts/agent-protocol.ts';
import { applyProgress } from '../../shared/domain/run/lifecycle.ts';
import { ApiProblem } from '../../shared/runtime/api/problem.ts';
import { LogClosed, logStore, lostRace, OutOfOrder } from '../../shared/store/log-store.ts';
import { contended } from '../../shared/store/retry.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import type { WorkspaceScope } from '../../shared/store/workspace-scope.ts';
import { type AgentCall, demandSame, type LeasedRun, leased } from './lease.ts';

/** That a runner was heard is written at most this often: a write a heartbeat would cost more than the log. */
const NOTE_HEARD_MS = 10_000;

/** Stores a chunk, pushes it, notes progress, and answers how the run stands. Throws 409 with the expected seq. */
export const takeChunk = async (
  engine: Engine,
  call: AgentCall & { body: ChunkRequest },
): Promise<Standing> => {
  const { scope, run } = await leased(engine.core, call);
  const append = () => appendLog(engine, scope, run.id, call.body.lines);
  try {
    // Whoever was faster may have brought these very lines: then this is a repetition, and no reason to send them anew.
    await contended(append, lostRace, engine.traffic.clock);
  } catch (error) {
    if (error instanceof LogClosed) throw new ApiProblem('lease-lost', 'The run has ended.');
    if (!(error instanceof OutOfOrder)) throw error;
    const { lastSeq } = await logStore(engine.traffic, scope, run.id).head();
    throw new ApiProblem('out-of-order', `Go on with line ${lastSeq + 1}.`, { expectedSeq: lastSeq + 1 });
  }
  const last = call.body.lines.at(-1)?.seq ?? 0;
  return note(engine, scope, run, { progress: call.body.progress, nextSeq: last + 1 });
};

/** Notes that the build goes on, and answers how the run stands. */
export const takeHeartbeat = async (
  engine: Engine,
  call: AgentCall & { body: { progress?: Progress | undefined } },
): Promise<Standing> => {
  const { scope, run } = await leased(engine.core, call);
  const { lastSeq } = await logStore(engine.traffic, scope, run.id).head();
  return note(engine, scope, run, { progress: call.body.progress, nextSeq: lastSeq + 1 });
};

type News = { progress?: Progress | undefined; nextSeq: number };

/**
 * From here on the run gets no other build. Of a run that is to stop Packer is not started any more: the answer says so.
 * Throws 409 for one that was given up: its end is known, although Finish has not written it yet.
 */
const packerStart = (run: StoredRun, { progress }: News, now: string) => {
  if (progress?.packerStarts !== true) return {};
  if (run.verdict !== undefined || run.completion !== undefined)
    throw new ApiProblem('lease-lost', 'The end of the run is known.');
  return run.packerStartedAt === undefined && run.stopRequestedAt === undefined
    ? { packerStartedAt: now }
    : {};
};

const note = async (engine: Engine, scope: WorkspaceScope, run: LeasedRun, news: News): Promise<Standing> => {
  const now = engine.now();
  const silent = Date.parse(now) - Date.parse(run.lease.lastHeardAt) >= NOTE_HEARD_MS;
  const current =
    silent || news.progress !== undefined
      ? await changeRun(engine.core, scope, run.id, (latest) => {
          demandSame(latest, run);
          const lease = { ...latest.lease, lastHeardAt: now };
          const changes = {
            ...applyProgress(latest, news.progress ?? {}),
            lease,
            ...packerStart(latest, news, now),
          };
          return { changes };
        })
      : run;
  return {
    stop: current.stopRequestedAt !== undefined,
    nextSeq: news.nextSeq,
    deadlineAt: current.deadlineAt ?? now,
    now,
  };
};
