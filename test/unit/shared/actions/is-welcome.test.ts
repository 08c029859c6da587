import { beforeEach, expect, test } from 'vitest';
import { isWelcome } from '../../../../shared/actions/is-welcome.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { memberStore } from '../../../../shared/store/member-store.ts';
import { workspaceStore } from '../../../../shared/store/workspace-store.ts';
import { at, base, ulid, workspaceId } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const tokenId = `tok_${ulid('T')}`;
const workspace = { ...base(workspaceId, 'Team'), maxConcurrentRuns: 1 };
let core = memoryTable();
let second = 0;
beforeEach(async () => {
  core = memoryTable();
  second = 10;
  await workspaceStore(core).create(workspace, { id: 'ada' }, []);
  const token = { ...base(tokenId, 'robot'), role: 'viewer', expiresAt: at(60) };
  await entityStore(core, scope).create('api-token', token, [], []);
});
const welcome = (principalId: string) =>
  isWelcome({ core, now: () => at(second) }, { workspaceId, principalId });

test('members and good tokens are, strangers are not', async () => {
  expect(await welcome('ada')).toBe(true);
  expect(await welcome(tokenId)).toBe(true);
  expect(await welcome('bob')).toBe(false);
  expect(await welcome(`tok_${ulid('X')}`)).toBe(false);
});

test('a token is not from its expiry on', async () => {
  second = 60;
  expect(await welcome(tokenId)).toBe(false);
});

test('nobody is who was removed', async () => {
  const members = memberStore(core, scope);
  const ada = await members.get('ada');
  if (ada === undefined) throw new Error('there is no member');
  await members.remove(ada, { beside: undefined, more: [] });
  expect(await welcome('ada')).toBe(false);
});

test('nobody is in a workspace that is gone, although the rows are still there (S37)', async () => {
  await workspaceStore(core).remove(workspace, at(0), at(0));
  expect(await welcome('ada')).toBe(false);
  expect(await welcome(tokenId)).toBe(false);
});
