import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import { openTable } from '../../../shared/store/table.ts';

const environment = loadEnvironment(functionEnvironments['socket/connect']);
const sockets = socketStore(openTable(environment.TRAFFIC_TABLE));

/** The types of a $connect event leave out the query, which is there. */
const querySchema = z.object({ queryStringParameters: z.object({ ticket: z.string().min(1).max(200) }) });

/** Opens a connection for a good ticket, which is used up by it; any other answer than 200 refuses the upgrade. */
export const handler = backgroundHandler(
  async (event: APIGatewayProxyWebsocketEventV2): Promise<APIGatewayProxyResultV2> => {
    const query = querySchema.safeParse(event);
    if (!query.success) return { statusCode: 401 };
    const owner = await sockets.connect(
      query.data.queryStringParameters.ticket,
      event.requestContext.connectionId,
    );
    return { statusCode: owner === undefined ? 401 : 200 };
  },
);
