import { beforeEach, expect, test } from 'vitest';
import { hangUp } from '../../../../functions/events/publish-changes/hang-up.ts';
import { keys, globalKeys } from '../../../../shared/store/keys.ts';
import { socketStore } from '../../../../shared/store/socket-store.ts';
import { ulid, workspaceId } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const tokenId = `tok_${ulid('T')}`;
let traffic = memoryTable();

beforeEach(async () => {
  traffic = memoryTable();
  const sockets = socketStore(traffic);
  for (const principalId of ['ada', 'bob', tokenId]) {
    await sockets.putTicket(principalId, { workspaceId, principalId }, 60);
    await sockets.connect(principalId, `connection of ${principalId}`);
    await sockets.subscribeToRuns(scope, `connection of ${principalId}`);
  }
});
const listeners = async () => (await socketStore(traffic).runSubscribers(scope)).toSorted();
const everybody = ['connection of ada', 'connection of bob', `connection of ${tokenId}`];

const member = { ...keys.member(scope, 'bob'), row: 'member', userId: 'bob', workspaceId };
const token = { ...keys.entity(scope, 'api-token', tokenId), row: 'api-token', id: tokenId };

test.each([
  ['a member who was removed', member, 'connection of bob'],
  ['a token that was revoked', token, `connection of ${tokenId}`],
])('%s hears nothing more, the others do (S37)', async (_case, before, gone) => {
  await hangUp({ before, after: undefined }, traffic);
  expect(await listeners()).toEqual(everybody.filter((one) => one !== gone));
  expect(await socketStore(traffic).ownerOf(gone)).toBeUndefined();
});

test.each([
  ['came', { before: undefined, after: member }],
  ['has another role', { before: member, after: { ...member, role: 'viewer' } }],
  [
    'is told of by the row beside it',
    { before: { ...member, ...globalKeys.membership('bob', workspaceId) }, after: undefined },
  ],
  ['cannot be read', { before: { row: 'member' }, after: undefined }],
])('a member who %s cuts nobody off', async (_case, change) => {
  await hangUp(change, traffic);
  expect(await listeners()).toEqual(everybody);
});
