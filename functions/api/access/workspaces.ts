import type * as z from 'zod';
import type { ListQuery } from '../../../shared/contracts/common.ts';
import type { Workspace, workspaceInput } from '../../../shared/contracts/entities/workspace.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { listOf, pageOf, positionIn } from '../../../shared/runtime/api/paging.ts';
import { ApiProblem, notFound } from '../../../shared/runtime/api/problem.ts';
import { newId, now } from '../../../shared/runtime/ids.ts';
import { matches } from '../../../shared/store/entity-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../shared/store/workspace-store.ts';
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
    headers: { location: `/v1/workspaces/${workspace.id}`, etag: '"1"' },
    body: workspace,
  };
  await workspaceStore(table).create(workspace, principal.id, call.remember(answer));
  return answer;
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
export const getWorkspace = async (table: Table, scope: WorkspaceScope): Promise<Answer> => {
  const workspace = await workspaceStore(table).get(scope);
  if (workspace === undefined) throw notFound('workspace');
  return { headers: { etag: `"${workspace.rev}"` }, body: workspace };
};
