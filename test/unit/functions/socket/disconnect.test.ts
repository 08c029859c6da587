import { expect, test } from 'vitest';
import { forget } from '../../../../functions/socket/disconnect/forget.ts';
import { socketStore } from '../../../../shared/store/socket-store.ts';
import { workspaceId } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const listening = async () => {
  const sockets = socketStore(memoryTable());
  await sockets.putTicket('ticket', { workspaceId, principalId: 'ada' }, 60);
  await sockets.connect('ticket', 'connection');
  await sockets.subscribeToRuns(scope, 'connection');
  return sockets;
};

test.each([
  ['is closed is forgotten', 'DISCONNECT' as const, []],
  ['sends {"action":"$disconnect"} is open and hears what comes (S53)', 'MESSAGE' as const, ['connection']],
])('a connection that %s', async (_case, eventType, heard) => {
  const sockets = await listening();
  await forget(sockets, { eventType, connectionId: 'connection' });
  expect(await sockets.runSubscribers(scope)).toEqual(heard);
  expect((await sockets.ownerOf('connection')) !== undefined).toBe(heard.length > 0);
});
