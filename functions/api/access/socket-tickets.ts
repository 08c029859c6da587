import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { newSecret } from '../../../shared/runtime/ids.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Write } from '../../../shared/store/write.ts';

/** How long a ticket can be used (api.md): 60 seconds, once. */
const TICKET_SECONDS = 60;

type Call = {
  scope: WorkspaceScope;
  principal: Principal;
  remember: (answer: Answer, options: { secret: boolean }) => Write[];
};

/** A ticket that opens one WebSocket, so that no bearer token ever stands in a URL. */
export const createSocketTicket = async (
  tables: { core: Table; traffic: Table },
  socketUrl: string,
  call: Call,
): Promise<Answer> => {
  const ticket = newSecret();
  const owner = { workspaceId: call.scope.workspaceId, principalId: call.principal.id };
  const expiresAt = new Date(Date.now() + TICKET_SECONDS * 1000).toISOString();
  const answer = { body: { url: socketUrl, ticket, expiresAt } };
  const remembered = call.remember(answer, { secret: true });
  if (remembered.length > 0) await tables.core.write(remembered);
  await socketStore(tables.traffic).putTicket(ticket, owner, TICKET_SECONDS);
  return answer;
};
