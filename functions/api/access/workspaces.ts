import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import { furnishWorkspace } from '../../../shared/actions/furnish-workspace.ts';
import type { ListQuery } from '../../../shared/contracts/common.ts';
import { type Workspace, workspaceInput } from '../../../shared/contracts/entities/workspace.ts';
import { mergePatch } from '../../../shared/domain/merge-patch.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { listOf, pageOf, positionIn } from '../../../shared/runtime/api/paging.ts';
import { demandMatch, etagOf } from '../../../shared/runtime/api/precondition.ts';
import { ApiProblem, notFound } from '../../../shared/runtime/api/problem.ts';
import { checkBody } from '../../../shared/runtime/api/read-request.ts';
import { writableFields } from '../../../shared/runtime/entities/writable.ts';
import { newId, now } from '../../../shared/runtime/ids.ts';
import { matches } from '../../../shared/store/entity-store.ts';
import { contended } from '../../../shared/store/retry.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { scopeTo, type WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import {
  hasFoundedEnough,
  isEverywhere,
  MAX_FOUNDED,
  MAX_MEMBERSHIPS,
  workspaceStore,
} from '../../../shared/store/workspace-store.ts';
import type { Write } from '../../../shared/store/write.ts';

/** The workspaces of whoever asks, with the role in each. A token belongs to one. */
export const membershipsOf = (table: Table, principal: Principal) =>
  principal.kind === 'user'
    ? workspaceStore(table).membershipsOf(principal.id)
    : Promise.resolve([{ workspaceId: principal.workspaceId, role: principal.role }]);

/** Who is asking, and where they belong. */
export const getMe = async (table: Table, principal: Principal): Promise<Answer> => {
  const memberships = await membershipsOf(table, principal);
  const found = await workspaceStore(table).getAll(memberships.map((one) => one.workspaceId));
  const roles = new Map(memberships.map((one) => [one.workspaceId, one.role]));
  const workspaces = found.map(({ id, name }) => ({ id, name, role: roles.get(id) }));
  return { body: { kind: principal.kind, id: principal.id, name: principal.name, workspaces } };
};

type Creation = {
  body: z.output<typeof workspaceInput>;
  principal: Principal;
  remember: (answer: Answer) => Write[];
};

/** A new workspace; whoever makes it is its first owner. Only people can. */
export const createWorkspace = async (table: Table, limit: number, call: Creation): Promise<Answer> => {
  const { principal } = call;
  if (principal.kind !== 'user')
    throw new ApiProblem('role-too-small', 'Only a person can create a workspace.');
  await demandRoom(table, principal.id);
  const time = now();
  const workspace: Workspace = {
    maxConcurrentRuns: limit,
    ...call.body,
    id: newId('workspace'),
    createdAt: time,
    createdBy: principal.id,
    updatedAt: time,
    rev: 1,
  };
  const answer = {
    headers: { location: `/v1/workspaces/${workspace.id}`, etag: etagOf(workspace.rev) },
    body: workspace,
  };
  // A user pool may know people by nothing but their id.
  const owner = { id: principal.id, name: principal.name === principal.id ? undefined : principal.name };
  const created = audited(scopeTo(workspace.id), {
    principal,
    action: 'create',
    entity: entityOf(workspace),
    after: workspace,
  });
  const maker = { newId, createdBy: principal.id, createdAt: time };
  await furnishWorkspace(table, scopeTo(workspace.id), maker, () =>
    workspaceStore(table).create(workspace, owner, [created, ...call.remember(answer)]),
  );
  return answer;
};

/** Read before it is written, without a row that all creates of a person would meet on: a few at once may exceed it. */
const demandRoom = async (table: Table, userId: string): Promise<void> => {
  if (await hasFoundedEnough(table, userId))
    throw new ApiProblem(
      'limit-reached',
      `A person makes ${MAX_FOUNDED} workspaces at most. Delete one first.`,
    );
  if (await isEverywhere(table, userId))
    throw new ApiProblem('limit-reached', `A person belongs to ${MAX_MEMBERSHIPS} workspaces at most.`);
};

/** The workspaces you are a member of, newest first. */
export const listWorkspaces = async (
  table: Table,
  call: { principal: Principal; path: string; query: ListQuery },
): Promise<Answer> => {
  const list = listOf(call.path, call.query);
  const before = await positionIn(table, list, call.query.cursor);
  const ids = (await membershipsOf(table, call.principal)).map((one) => one.workspaceId);
  const found = await workspaceStore(table).getAll(ids.filter((id) => before === undefined || id < before));
  const wanted = found.filter((one) => matches(one, call.query)).slice(0, call.query.limit + 1);
  const page = { items: wanted, limit: call.query.limit, position: (one: Workspace) => one.id };
  return { body: await pageOf(table, list, page) };
};

/** Read the workspace. */
export const getWorkspace = async (table: Table, scope: WorkspaceScope): Promise<Answer> =>
  answerOf(await demandWorkspace(table, scope));

type Change = {
  scope: WorkspaceScope;
  body: Record<string, unknown>;
  headers: Record<string, string | undefined>;
  principal: Principal;
};

/** Change by JSON merge patch, as of any entity. Without `maxConcurrentRuns` it is the deployment's, as in a create. */
export const changeWorkspace = (table: Table, limit: number, call: Change): Promise<Answer> =>
  contended(async () => {
    const before = await demandWorkspace(table, call.scope);
    const fields = {
      maxConcurrentRuns: limit,
      ...checkBody(workspaceInput, mergePatch(writableFields(workspaceInput, before), call.body)),
    };
    demandMatch(call.headers, before.rev);
    if (isDeepStrictEqual({ ...before, ...fields }, before)) return answerOf(before);
    const after = { ...before, ...fields, updatedAt: now(), rev: before.rev + 1 };
    const { principal } = call;
    const deed = { principal, action: 'change' as const, entity: entityOf(after), before, after };
    await workspaceStore(table).change(before, after, [audited(call.scope, deed)]);
    return answerOf(after);
  });

/** When the reconciler looks whether the removal has begun; by then the stream has told of it long ago. */
const FIRST_LOOK_MS = 120_000;

/**
 * Delete the workspace, unless it holds an active run. This one write shuts it for everybody; what is in it goes by and
 * by (shared/actions/remove-workspace.ts). A run that is accepted at the same moment is stopped and goes with it.
 */
export const deleteWorkspace = (table: Table, call: Pick<Change, 'scope' | 'headers'>): Promise<Answer> =>
  contended(async () => {
    const workspace = await demandWorkspace(table, call.scope);
    demandMatch(call.headers, workspace.rev);
    await demandIdle(table, call.scope);
    const time = now();
    const firstLook = new Date(Date.parse(time) + FIRST_LOOK_MS).toISOString();
    await workspaceStore(table).remove(workspace, time, firstLook);
    return {};
  });

const demandIdle = async (table: Table, scope: WorkspaceScope): Promise<void> => {
  const active = await runStore(table, scope).countActive();
  if (active === 0) return;
  const runs = active === 1 ? '1 run is active' : `${active} runs are active`;
  throw new ApiProblem('still-active', `${runs}. Stop what is not to be waited for.`);
};

const demandWorkspace = async (table: Table, scope: WorkspaceScope): Promise<Workspace> => {
  const workspace = await workspaceStore(table).get(scope);
  if (workspace === undefined) throw notFound('workspace');
  return workspace;
};

const answerOf = (workspace: Workspace): Answer => ({
  headers: { etag: etagOf(workspace.rev) },
  body: workspace,
});

const entityOf = ({ id, name }: Workspace) => ({ kind: 'workspace', id, name });
