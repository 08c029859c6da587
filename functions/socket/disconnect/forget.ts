import type { APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';
import type { socketStore } from '../../../shared/store/socket-store.ts';

/** What the gateway says of the connection that the event is about. */
export type SocketEvent = Pick<
  APIGatewayProxyWebsocketEventV2['requestContext'],
  'eventType' | 'connectionId'
>;

/**
 * Forgets a connection that is closed. A message whose `action` is `$disconnect` is led here too: its connection is
 * open, and goes on listening.
 */
export const forget = async (
  sockets: Pick<ReturnType<typeof socketStore>, 'disconnect'>,
  { eventType, connectionId }: SocketEvent,
): Promise<void> => {
  if (eventType === 'DISCONNECT') await sockets.disconnect(connectionId);
};
