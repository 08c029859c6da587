import * as z from 'zod';
import { type Member, memberSchema } from '../contracts/entities/workspace.ts';
import { timeOfId } from '../domain/time-of-id.ts';
import { globalKeys, keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

/** Most members of a workspace: all of them are read to list one page, newest first. */
export const MAX_MEMBERS = 1000;

/** What a row had before members were entities of their own: then only the first owner of a workspace had one. */
const rowSchema = z.looseObject({ userId: z.string(), workspaceId: z.string() });
const memberOf = (item: Item): Member => {
  const row = rowSchema.parse(item);
  const createdAt = timeOfId(row.workspaceId);
  return memberSchema.parse({ createdAt, createdBy: row.userId, updatedAt: createdAt, rev: 1, ...row });
};

/** A member as it was read; a change is written only if it still is that one. */
type Change = {
  before: Member | undefined;
  /** An owner who must still be one: given when `before` is an owner and will not be one any more. */
  beside: Member | undefined;
  more: Write[];
};

/**
 * Who belongs to a workspace. Each member is two rows, one by workspace and one by person, always written together.
 * That an owner remains is guarded by the row of another owner: of two owners who demote each other at the same moment
 * one is refused, because the other is no owner any more.
 */
export const memberStore = (table: Table, scope: WorkspaceScope) => ({
  get: async (userId: string): Promise<Member | undefined> => {
    const item = await table.get(keys.member(scope, userId));
    return item === undefined ? undefined : memberOf(item);
  },

  /** All members, newest first. */
  list: async (): Promise<Member[]> =>
    (await all(table, scope)).toSorted((one, other) => (placeOf(one) < placeOf(other) ? 1 : -1)),

  isFull: async (): Promise<boolean> => {
    const range = { ...keys.members(scope), limit: MAX_MEMBERS, only: ['sk'] };
    return (await table.query(range)).length >= MAX_MEMBERS;
  },

  /** An owner other than this person. */
  anotherOwner: async (userId: string): Promise<Member | undefined> =>
    (await all(table, scope)).find((one) => one.role === 'owner' && one.userId !== userId),

  /** Throws WriteRefused when somebody was faster. */
  put: (after: Member, change: Change): Promise<void> =>
    table.write([
      ...putMember(scope, after, guardOf(change.before)),
      ...stillOwner(scope, change.beside),
      ...change.more,
    ]),

  /** Throws WriteRefused when somebody was faster. */
  remove: (before: Member, change: Omit<Change, 'before'>): Promise<void> =>
    table.write([
      { delete: keys.member(scope, before.userId), if: guardOf(before) },
      { delete: globalKeys.membership(before.userId, scope.workspaceId) },
      ...stillOwner(scope, change.beside),
      ...change.more,
    ]),
});

/** Where a member stands in the list: by time, of one moment by id. */
export const placeOf = (member: Member): string => `${member.createdAt} ${member.userId}`;

/** Only the role ever changes; a row that was never changed may be one without `rev`. */
const guardOf = (before: Member | undefined): Write['if'] => {
  if (before === undefined) return { exists: false };
  return { equals: { role: before.role, ...(before.rev > 1 ? { rev: before.rev } : {}) } };
};

const all = async (table: Table, scope: WorkspaceScope): Promise<Member[]> =>
  (await table.query(keys.members(scope))).map(memberOf);

/** The writes that make somebody a member, with the role that they have then. */
export const putMember = (scope: WorkspaceScope, member: Member, guard: Write['if'] = {}): Write[] => {
  const row = { row: 'member' as const, workspaceId: scope.workspaceId };
  return [
    { put: { ...keys.member(scope, member.userId), ...row, ...member }, if: guard },
    {
      put: {
        ...globalKeys.membership(member.userId, scope.workspaceId),
        ...row,
        userId: member.userId,
        role: member.role,
        createdBy: member.createdBy,
      },
    },
  ];
};

const stillOwner = (scope: WorkspaceScope, beside: Member | undefined): Write[] =>
  beside === undefined
    ? []
    : [{ check: keys.member(scope, beside.userId), if: { equals: { role: 'owner' } } }];
