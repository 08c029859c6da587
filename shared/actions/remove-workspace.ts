import type { StoredRun } from '../contracts/stored-run.ts';
import { hasEnded } from '../domain/run/lifecycle.ts';
import { needsSweep } from '../domain/run/tidying.ts';
import { trafficKeys } from '../store/keys.ts';
import { leftoverStore } from '../store/leftover-store.ts';
import { type Removal, removalStore } from '../store/removal-store.ts';
import { runStore } from '../store/run-store.ts';
import { socketStore } from '../store/socket-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceFiles } from '../store/workspace-files.ts';
import { behind, type Lead, readLeads } from '../store/workspace-rows.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Engine } from './engine.ts';
import { requestStop } from './request-stop.ts';

export type Remover = Pick<Engine, 'core' | 'traffic' | 'now'> & { files: Pick<WorkspaceFiles, 'removeAll'> };

/** `go-on`: there is more to do at once; `later`: the reconciler calls again; `done`: nothing is left. */
export type Progress = 'go-on' | 'later' | 'done';

/** When a message that was to go on with a removal counts as lost. */
const LOST_MS = 600_000;
/** A run that got in at the last moment is looked at again after so long. */
const WAIT_MS = 60_000;
/**
 * Whoever was let in before the workspace ended has finished by then: a request takes 25 s at most, a task of a run
 * five minutes (infra/constructs/function-limits.ts).
 */
const SETTLED_MS = 900_000;
/** For so long a failed run is waited for whose leftovers in the customer's account are still to be deleted. */
const PATIENCE_MS = 3_600_000;
/** Rows looked at and removed at a time. */
const PAGE = 100;

/**
 * Goes on with the removal of a workspace until it is complete or the time is up; call it again as often as you like,
 * also twice at once. The workspace's own row went in the write that ended it, and with it every way in
 * (`workspaceStore.remove`), so that what is left here can take its time.
 *
 * There is no list of what was done: what is there is what is to be removed. A row that leads to others, such as a
 * run to its log, goes after them, so that a crash at any place leaves nothing that cannot be found. Runs, their slots
 * and leases go when they have ended; one that was accepted at the last moment is asked to stop first. Runs that failed
 * a moment ago stay, for an hour at most, until what they left in the customer's account is deleted; images and
 * what was kept on purpose are the customer's and never touched.
 *
 * A request that was let in before the end may still write after all is gone. Requests are not made to check the
 * workspace's row in each of their transactions, as they would get in each other's way; instead all is gone through
 * once more when the last of them must have ended, and only then the removal itself is forgotten.
 */
export const removeWorkspace = async (
  remover: Remover,
  scope: WorkspaceScope,
  hasTime: () => boolean,
): Promise<Progress> => {
  const removals = removalStore(remover.core);
  const removal = await removals.get(scope);
  if (removal === undefined) return 'done';
  const now = remover.now();
  const settledAt = after(removal.removedAt, SETTLED_MS);
  if (removal.emptiedAt !== undefined && now < settledAt) return 'later';
  await removals.putOff(scope, after(now, LOST_MS));
  const pass = {
    waits: await stopRuns(remover, scope),
    isPatient: now < after(removal.removedAt, PATIENCE_MS),
  };
  for await (const _ of removeAll(remover, scope, pass)) if (!hasTime()) return 'go-on';
  if (pass.waits) {
    await removals.putOff(scope, after(now, WAIT_MS));
    return 'later';
  }
  return endPass(remover, scope, removal, settledAt);
};

const after = (time: string, milliseconds: number): string =>
  new Date(Date.parse(time) + milliseconds).toISOString();

/** All was gone through. It is over when that began after the last request must have ended. */
const endPass = async (
  { core, now }: Remover,
  scope: WorkspaceScope,
  removal: Removal,
  settledAt: string,
): Promise<Progress> => {
  const removals = removalStore(core);
  if (removal.emptiedAt === undefined) {
    await removals.emptied(scope, now(), settledAt);
    return 'later';
  }
  await removals.end(scope);
  return 'done';
};

/** Asks active runs to stop; tells whether one goes on. */
const stopRuns = async (remover: Remover, scope: WorkspaceScope): Promise<boolean> => {
  const active = await runStore(remover.core, scope).listActive();
  let goesOn = false;
  for (const { id: runId } of active) {
    const run = await requestStop(remover, scope, { runId, by: 'removal of the workspace' });
    goesOn ||= !hasEnded(run);
  }
  return goesOn;
};

/** One way through all that is there. `waits` is set when something must stay for now. */
type Pass = { waits: boolean; isPatient: boolean };

/** Files go last: a run that is waited for needs its snapshot. */
async function* removeAll(remover: Remover, scope: WorkspaceScope, pass: Pass): AsyncGenerator<void> {
  yield* removeRows(remover, scope, pass);
  if ((await socketStore(remover.traffic).disconnectAll(scope)) > 0) yield;
  yield* emptyPartition(remover.traffic, trafficKeys.runSubscribers(scope).pk);
  if (!pass.waits) yield* remover.files.removeAll(scope);
}

async function* removeRows(remover: Remover, scope: WorkspaceScope, pass: Pass): AsyncGenerator<void> {
  const { core } = remover;
  let from: string | undefined;
  for (;;) {
    const page = await readLeads(core, scope, { after: from, limit: PAGE });
    const needed = await neededOf(core, scope, page, pass);
    const free = page.filter((lead) => !needed.has(lead));
    pass.waits ||= needed.size > 0;
    if (free.length > 0) {
      yield* removeBehind(remover, scope, free);
      await core.removeAll(free);
      yield;
    }
    from = page.at(-1)?.sk;
    if (from === undefined) return;
  }
}

async function* removeBehind(remover: Remover, scope: WorkspaceScope, leads: Lead[]): AsyncGenerator<void> {
  const found = leads.map((lead) => behind(scope, lead));
  await remover.core.removeAll(found.flatMap(({ rows }) => rows));
  for (const pk of new Set(found.flatMap(({ core }) => core))) yield* emptyPartition(remover.core, pk);
  for (const pk of new Set(found.flatMap(({ traffic }) => traffic)))
    yield* emptyPartition(remover.traffic, pk);
}

async function* emptyPartition(table: Table, pk: string): AsyncGenerator<void> {
  for (;;) {
    const rows = await table.query({ pk, prefix: '', limit: PAGE, only: ['pk', 'sk'] });
    if (rows.length === 0) return;
    await table.removeAll(rows.map((row) => ({ pk, sk: String(row['sk']) })));
    yield;
  }
}

/** The rows that a run, or who cleans up after it, still needs. */
const neededOf = async (core: Table, scope: WorkspaceScope, page: Lead[], pass: Pass): Promise<Set<Lead>> => {
  const ids = page.flatMap((lead) => runOf(lead) ?? []);
  const runs = new Map((await runStore(core, scope).getAll(ids)).map((run) => [run.id, run]));
  const needed = new Set<Lead>();
  for (const lead of page) {
    const run = runs.get(runOf(lead) ?? '');
    const isUsed = run !== undefined && !hasEnded(run);
    const isCleanedUp = pass.isPatient && (await hasToBeCleanedUp(core, scope, lead, run));
    if (isUsed || isCleanedUp) needed.add(lead);
  }
  return needed;
};

/** The run that a row belongs to and must not go before. */
const runOf = ({ kind, id, runId }: Lead): string | undefined => {
  if (kind === 'RUN') return id;
  return ['ACTIVE', 'SLOT', 'LEASE'].includes(kind) ? runId : undefined;
};

/** Whether something of a run that has ended is still to be deleted in the customer's account. */
const hasToBeCleanedUp = async (
  core: Table,
  scope: WorkspaceScope,
  { kind }: Lead,
  run: StoredRun | undefined,
): Promise<boolean> => {
  if (kind === 'DELETED-RUN') return true;
  if (kind !== 'RUN' || run === undefined || run.status === 'Succeeded') return false;
  if (needsSweep(run)) return true;
  return (await leftoverStore(core, scope).list(run.id)).some(({ state }) => state === 'deleting');
};
