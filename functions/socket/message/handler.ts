import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';
import { isWelcome } from '../../../shared/actions/is-welcome.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import {
  type ClientMessage,
  clientMessageSchema,
  type ServerMessage,
} from '../../../shared/contracts/socket.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { socketSender } from '../../../shared/runtime/socket-sender.ts';
import { type SocketOwner, socketStore } from '../../../shared/store/socket-store.ts';
import { openTable } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { type Listener, subscribeToLog } from './subscribe-to-log.ts';

const environment = loadEnvironment(functionEnvironments['socket/message']);
const core = openTable(environment.CORE_TABLE);
const traffic = openTable(environment.TRAFFIC_TABLE);
const send = socketSender(environment.SOCKET_CALLBACK_URL);

/** What a client says on its connection; answers go back on it. */
export const handler = backgroundHandler(
  async (event: APIGatewayProxyWebsocketEventV2): Promise<APIGatewayProxyResultV2> => {
    const { connectionId } = event.requestContext;
    const owner = await socketStore(traffic).ownerOf(connectionId);
    if (owner === undefined) return { statusCode: 403 };
    const answer = (message: ServerMessage) => send(connectionId, message);
    const message = read(event.body);
    if (message === undefined) {
      await answer({ type: 'error', code: 'bad-message', detail: 'See the documentation for the messages.' });
    } else if (message.action === 'subscribe' && !(await isWelcome({ core, now }, owner))) {
      await turnAway(connectionId, owner);
    } else {
      await act(message, { core, traffic, send, connectionId, scope: scopeTo(owner.workspaceId) });
    }
    return { statusCode: 200 };
  },
);

/** Nobody hears more of a workspace than who is in it; the others learn as little as by a request. */
const turnAway = async (connectionId: string, { workspaceId }: SocketOwner): Promise<void> => {
  const detail = `There is no workspace ${workspaceId} any more.`;
  await send(connectionId, { type: 'error', code: 'not-found', detail });
  await socketStore(traffic).disconnect(connectionId);
};

const read = (body: string | undefined): ClientMessage | undefined => {
  try {
    return clientMessageSchema.parse(JSON.parse(body ?? ''));
  } catch {
    return undefined;
  }
};

const act = async (message: ClientMessage, listener: Listener): Promise<void> => {
  const { scope, connectionId } = listener;
  const answer = (reply: ServerMessage) => listener.send(connectionId, reply);
  if (message.action === 'ping') {
    await answer({ type: 'pong' });
  } else if (message.action === 'unsubscribe') {
    const runId = message.topic === 'log' ? message.runId : undefined;
    await socketStore(listener.traffic).unsubscribe(scope, connectionId, runId);
    await answer({ type: 'unsubscribed', topic: message.topic, runId });
  } else if (message.topic === 'runs') {
    await socketStore(listener.traffic).subscribeToRuns(scope, connectionId);
    await answer({ type: 'subscribed', topic: 'runs' });
  } else {
    await subscribeToLog(listener, message);
  }
};
