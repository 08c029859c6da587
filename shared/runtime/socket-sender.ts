import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { SendToSocket } from '../actions/engine.ts';
import { pushLimits } from '../store/call-limits.ts';
import { logger } from './logger.ts';

/**
 * Posts to WebSocket connections. Push is a hint, never the record: what cannot be sent is logged and dropped, the
 * client heals itself with `afterSeq`.
 */
export const socketSender = (callbackUrl: string): SendToSocket => {
  const client = new ApiGatewayManagementApiClient({ endpoint: callbackUrl, ...pushLimits });
  return async (connectionId, message) => {
    try {
      const Data = JSON.stringify(message);
      await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data }));
    } catch (error) {
      if (error instanceof GoneException) return 'gone';
      logger.warn('a message was not sent', { connectionId, error });
    }
    return 'sent';
  };
};
