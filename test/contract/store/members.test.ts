import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleteMember, putMember } from '../../../functions/api/access/members.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { memberStore } from '../../../shared/store/member-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../shared/store/workspace-store.ts';
import { base } from '../../support/builders.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
beforeAll(async () => {
  emulated = await startTables();
});
afterAll(() => emulated.stop());

const ROUNDS = 50;
const CALLERS = 16;

/** What an attempt came to; anything but a refusal that a client is told fails the test. */
const outcome = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'done';
  } catch (error) {
    if (error instanceof ApiProblem) return error.code;
    throw error;
  }
};

describe.each([
  ['DynamoDB', () => emulated.core],
  ['in memory', memoryTable],
] as const)('the last owner of a workspace (%s)', (_name, open: () => Table) => {
  let table: Table;
  beforeAll(() => {
    table = open();
  });

  const makeWorkspace = async (owners: string[]) => {
    const id = newId('workspace');
    const [first = '', ...others] = owners;
    const principal = { kind: 'user' as const, id: first, name: first };
    await workspaceStore(table).create({ ...base(id, 'Team'), maxConcurrentRuns: 1 }, { id: first }, []);
    const scope = scopeTo(id);
    const call = (userId: string) => ({ scope, params: { userId }, headers: {}, principal });
    const demote = (userId: string) =>
      outcome(putMember(table, { ...call(userId), body: { role: 'viewer' } }));
    const remove = (userId: string) => outcome(deleteMember(table, call(userId)));
    for (const userId of others) await putMember(table, { ...call(userId), body: { role: 'owner' } });
    const ownersLeft = async () =>
      (await memberStore(table, scope).list()).filter((one) => one.role === 'owner').map((one) => one.userId);
    return { demote, remove, ownersLeft };
  };

  test('is one of two who demote each other at the same moment: one of the two fails, each time', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { demote, ownersLeft } = await makeWorkspace(['ada', 'bob']);
      const outcomes = await Promise.all([demote('ada'), demote('bob')]);
      expect(outcomes.toSorted()).toEqual(['done', 'last-owner']);
      expect(await ownersLeft()).toEqual([outcomes[0] === 'done' ? 'bob' : 'ada']);
    }
  }, 180_000);

  test('is who remains of sixteen who are removed and demoted all at once', async () => {
    const owners = Array.from({ length: CALLERS }, (_, n) => `owner-${n}`);
    for (let round = 0; round < 5; round += 1) {
      const { demote, remove, ownersLeft } = await makeWorkspace(owners);
      const outcomes = await Promise.all(
        owners.map((userId, n) => (n % 2 === 0 ? demote(userId) : remove(userId))),
      );
      expect(outcomes.filter((one) => one === 'last-owner')).toHaveLength(1);
      expect(outcomes.filter((one) => one === 'done')).toHaveLength(CALLERS - 1);
      expect(await ownersLeft()).toEqual([owners[outcomes.indexOf('last-owner')]]);
    }
  }, 180_000);
});
