import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { newSecret } from '../../../shared/runtime/ids.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** How long a ticket can be used (api.md): 60 seconds, once. */
const TICKET_SECONDS = 60;

/** A ticket that opens one WebSocket, so that no bearer token ever stands in a URL. */
export const createSocketTicket = async (
  traffic: Table,
  socketUrl: string,
  call: { scope: WorkspaceScope; principal: Principal },
): Promise<Answer> => {
  const ticket = newSecret();
  const owner = { workspaceId: call.scope.workspaceId, principalId: call.principal.id };
  await socketStore(traffic).putTicket(ticket, owner, TICKET_SECONDS);
  const expiresAt = new Date(Date.now() + TICKET_SECONDS * 1000).toISOString();
  return { body: { url: socketUrl, ticket, expiresAt } };
};
