import type * as z from 'zod';
import { type Member, type memberInput, userIdSchema } from '../../../shared/contracts/entities/workspace.ts';
import { audited, type Deed } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { listOf, pageOf, positionIn } from '../../../shared/runtime/api/paging.ts';
import { demandMatch, etagOf } from '../../../shared/runtime/api/precondition.ts';
import { ApiProblem, notFound } from '../../../shared/runtime/api/problem.ts';
import { invalidBody } from '../../../shared/runtime/api/read-request.ts';
import { now } from '../../../shared/runtime/ids.ts';
import { MAX_MEMBERS, memberStore, placeOf } from '../../../shared/store/member-store.ts';
import { contended } from '../../../shared/store/retry.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { isEverywhere, MAX_MEMBERSHIPS } from '../../../shared/store/workspace-store.ts';

type Members = ReturnType<typeof memberStore>;
type Call = {
  scope: WorkspaceScope;
  params: { userId: string };
  headers: Record<string, string | undefined>;
  principal: Principal;
};

/** The members, newest first. */
export const listMembers = async (
  table: Table,
  call: { scope: WorkspaceScope; path: string; query: { limit: number; cursor?: string | undefined } },
): Promise<Answer> => {
  const { limit, cursor } = call.query;
  const list = listOf(call.path, call.query);
  const before = await positionIn(table, list, cursor);
  const members = await memberStore(table, call.scope).list();
  const items = members.filter((one) => before === undefined || placeOf(one) < before).slice(0, limit + 1);
  return { body: await pageOf(table, list, { items, limit, position: placeOf }) };
};

/** Read a member. */
export const readMember = async (table: Table, call: Pick<Call, 'scope' | 'params'>): Promise<Answer> =>
  answerOf(await demandMember(memberStore(table, call.scope), call.params.userId));

/** Add a member, or change the role of one. Whether there is such a person is not asked of the user pool. */
export const putMember = (
  table: Table,
  call: Call & { body: z.output<typeof memberInput> },
): Promise<Answer> => {
  demandUserId(call.params.userId);
  return contended(() => putOnce(table, call));
};

const putOnce = async (
  table: Table,
  call: Call & { body: z.output<typeof memberInput> },
): Promise<Answer> => {
  const members = memberStore(table, call.scope);
  const { userId } = call.params;
  const before = await members.get(userId);
  demandMatch(call.headers, before?.rev);
  if (before?.role === call.body.role) return answerOf(before);
  if (before === undefined) await demandRoom(table, members, userId);
  const after = memberAfter(before, call);
  const beside = await demandAnotherOwner(members, before, after.role);
  const deed = { action: before === undefined ? 'create' : 'change', before, after } as const;
  await members.put(after, { before, beside, more: [eventOf(call, deed)] });
  return answerOf(after);
};

const demandRoom = async (table: Table, members: Members, userId: string): Promise<void> => {
  if (await members.isFull())
    throw new ApiProblem('limit-reached', `A workspace has ${MAX_MEMBERS} members at most.`);
  if (await isEverywhere(table, userId))
    throw new ApiProblem('limit-reached', `A person belongs to ${MAX_MEMBERSHIPS} workspaces at most.`);
};

const memberAfter = (
  before: Member | undefined,
  { params, body, principal }: Call & { body: z.output<typeof memberInput> },
): Member => {
  const time = now();
  const since = before ?? { userId: params.userId, createdAt: time, createdBy: principal.id, rev: 0 };
  return { ...since, role: body.role, updatedAt: time, rev: since.rev + 1 };
};

/** Remove a member, or leave. Their next request finds no workspace any more. */
export const deleteMember = (table: Table, call: Call): Promise<Answer> =>
  contended(async () => {
    const members = memberStore(table, call.scope);
    const before = await demandMember(members, call.params.userId);
    demandMatch(call.headers, before.rev);
    const beside = await demandAnotherOwner(members, before, undefined);
    await members.remove(before, { beside, more: [eventOf(call, { action: 'delete', before })] });
    return {};
  });

const answerOf = (member: Member): Answer => ({ headers: { etag: etagOf(member.rev) }, body: member });

/** The pointer is none into the body: the id stands in the path. */
const demandUserId = (userId: string): void => {
  const [issue] = userIdSchema.safeParse(userId).error?.issues ?? [];
  if (issue === undefined) return;
  throw invalidBody([{ pointer: 'path/userId', code: issue.code, detail: issue.message }]);
};

const demandMember = async (members: Members, userId: string): Promise<Member> => {
  const member = userIdSchema.safeParse(userId).success ? await members.get(userId) : undefined;
  if (member === undefined) throw notFound('member');
  return member;
};

/** Another owner, when this one will not be one any more. Throws 409 when there is none. */
const demandAnotherOwner = async (
  members: Members,
  before: Member | undefined,
  role: Member['role'] | undefined,
): Promise<Member | undefined> => {
  if (before?.role !== 'owner' || role === 'owner') return undefined;
  const other = await members.anotherOwner(before.userId);
  if (other === undefined)
    throw new ApiProblem('last-owner', 'Make somebody else an owner first, or delete the workspace.');
  return other;
};

const eventOf = (
  { scope, principal, params }: Call,
  { action, before, after }: Pick<Deed, 'action'> & { before?: Member | undefined; after?: Member },
) => {
  const name = (after ?? before)?.name ?? params.userId;
  const shown = { ...(before && { before }), ...(after && { after }) };
  return audited(scope, { principal, action, entity: { kind: 'member', id: params.userId, name }, ...shown });
};
