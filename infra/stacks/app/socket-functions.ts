import type { Construct } from 'constructs';
import * as permit from '../../constructs/permissions.ts';
import { ServiceFunction } from '../../constructs/service-function.ts';
import type { SocketTargets } from '../../constructs/socket-api.ts';
import type { Parts } from './parts.ts';

/** The functions behind the WebSocket API. */
export function socketFunctions(
  scope: Construct,
  { stage, state, socket, environment: env }: Parts,
): SocketTargets {
  const connect = new ServiceFunction(scope, 'SocketConnect', {
    stage,
    name: 'socket/connect',
    environment: env.traffic,
    permissions: [permit.readWriteTable(state.trafficTable)],
  });
  const disconnect = new ServiceFunction(scope, 'SocketDisconnect', {
    stage,
    name: 'socket/disconnect',
    environment: env.traffic,
    permissions: [permit.readWriteTable(state.trafficTable)],
  });
  const message = new ServiceFunction(scope, 'SocketMessage', {
    stage,
    name: 'socket/message',
    environment: { ...env.core, ...env.traffic, ...env.socketPush },
    permissions: [
      permit.readTable(state.coreTable),
      permit.readWriteTable(state.trafficTable),
      permit.postToSockets(socket.stage),
    ],
  });
  return { connect: connect.lambda, disconnect: disconnect.lambda, message: message.lambda };
}
