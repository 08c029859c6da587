import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import { openTable } from '../../../shared/store/table.ts';
import { forget } from './forget.ts';

const environment = loadEnvironment(functionEnvironments['socket/disconnect']);
const sockets = socketStore(openTable(environment.TRAFFIC_TABLE));

/** Forgets a connection. A hint only: whoever posts to a gone connection forgets it too. */
export const handler = backgroundHandler(
  async (event: APIGatewayProxyWebsocketEventV2): Promise<APIGatewayProxyResultV2> => {
    await forget(sockets, event.requestContext);
    return { statusCode: 200 };
  },
);
