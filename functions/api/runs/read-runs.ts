import type { OwnPool } from '../../../shared/contracts/env/runner-pools.ts';
import type { RunStatus } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { poolLimit } from '../../../shared/actions/pool-limit.ts';
import { queueOrder, waitingReason } from '../../../shared/domain/run/admission.ts';
import { present } from '../../../shared/domain/run/lifecycle.ts';
import { allowedIn, restOf } from '../../../shared/domain/run/pool-room.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { listOf, numberIn, pageOf, positionIn } from '../../../shared/runtime/api/paging.ts';
import { etagOf } from '../../../shared/runtime/api/precondition.ts';
import { notFound } from '../../../shared/runtime/api/problem.ts';
import { timestampOf } from '../../../shared/store/clock.ts';
import { entityStore } from '../../../shared/store/entity-store.ts';
import { queueStore } from '../../../shared/store/queue-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../shared/store/workspace-store.ts';

type Page = { limit: number; cursor?: string | undefined };
export type Limits = { RUNNER_POOLS: OwnPool[]; WORKSPACE_LIMIT: number };

/** A run that a client named. Throws 404. */
export const demandRun = async (core: Table, scope: WorkspaceScope, runId: string): Promise<StoredRun> => {
  const run = await runStore(core, scope).get(runId);
  if (run === undefined) throw notFound('run');
  return run;
};

/** Read a run; of a queued one its place and what it waits for. */
export const readRun = async (
  core: Table,
  limits: Limits,
  call: { scope: WorkspaceScope; params: { runId: string } },
): Promise<Answer> => {
  const run = await demandRun(core, call.scope, call.params.runId);
  const queue = run.status === 'Queued' ? await placeInQueue(core, limits, run) : undefined;
  return { headers: { etag: etagOf(run.rev) }, body: present(run, queue) };
};

const placeInQueue = async (core: Table, limits: Limits, run: StoredRun) => {
  const store = queueStore(core, run.pool.id);
  const queue = await store.waiting();
  const entry = queue.find((one) => one.runId === run.id);
  if (entry === undefined) return undefined;
  const [room, pool, takenOfPool, workspaces, [settings]] = await Promise.all([
    store.room(),
    poolLimit(core, { id: run.pool.id, workspaceId: run.workspaceId }, limits.RUNNER_POOLS),
    store.takenOfPool(),
    store.takenOfWorkspaces([...new Set(queue.map((one) => one.workspaceId))]),
    workspaceStore(core).getAll([run.workspaceId]),
  ]);
  const taken = { pool: takenOfPool, workspaces };
  const workspace = settings?.maxConcurrentRuns ?? limits.WORKSPACE_LIMIT;
  const position = queueOrder(queue, workspaces).indexOf(entry) + 1;
  if (pool === undefined) return { position, reason: 'its runner pool or connector is gone' };
  const now = timestampOf(core.clock);
  const allowed = allowedIn(room, pool, now);
  const limited = { limits: { pool: allowed, workspace: () => workspace }, isLowered: allowed < pool };
  const view = { queue, taken, ...limited, coolingUntil: restOf(room, now) };
  return { position, reason: waitingReason(entry, view) };
};

type RunQuery = Page & { status?: RunStatus[] | undefined; active?: boolean | undefined };

const isActive = (run: StoredRun): boolean => run.status === 'Queued' || run.status === 'Running';

/** Runs of all definitions, newest first. Active ones come from rows of their own; a filter may give short pages. */
export const listRuns = async (
  core: Table,
  call: { scope: WorkspaceScope; query: RunQuery; path: string },
): Promise<Answer> => {
  const { query, path } = call;
  const list = listOf(path, query);
  const before = await positionIn(core, list, query.cursor);
  const runs = runStore(core, call.scope);
  const onlyActive =
    query.active === true || query.status?.every((one) => one === 'Queued' || one === 'Running');
  const found = onlyActive
    ? (await runs.listActive()).filter((run) => before === undefined || run.id < before)
    : await runs.list({ before, limit: query.limit + 1 });
  const page = await pageOf(core, list, { items: found, limit: query.limit, position: (run) => run.id });
  const wanted = page.items.filter(
    (run) =>
      (query.active === undefined || isActive(run) === query.active) &&
      (query.status === undefined || query.status.includes(run.status)),
  );
  return { body: { ...page, items: wanted.map((run) => present(run)) } };
};

/** Past and present runs of one definition, highest number first; also of a deleted one. */
export const listDefinitionRuns = async (
  core: Table,
  call: { scope: WorkspaceScope; params: { imageDefinitionId: string }; query: Page; path: string },
): Promise<Answer> => {
  const { query, path, scope } = call;
  const list = listOf(path);
  const before = await numberIn(core, list, query.cursor);
  const definitionId = call.params.imageDefinitionId;
  const found = await runStore(core, scope).listOfDefinition(definitionId, {
    before,
    limit: query.limit + 1,
  });
  if (found.length === 0) await demandDefinition(core, scope, definitionId);
  const position = (run: StoredRun) => String(run.number);
  const page = await pageOf(core, list, { items: found, limit: query.limit, position });
  return { body: { ...page, items: page.items.map((run) => present(run)) } };
};

/** Throws 404 when there is no such definition. */
export const demandDefinition = async (core: Table, scope: WorkspaceScope, id: string): Promise<void> => {
  if ((await entityStore(core, scope).get('image-definition', id)) === undefined)
    throw notFound('image definition');
};
