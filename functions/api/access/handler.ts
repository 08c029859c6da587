import openApi from '../../../docs/openapi.json' with { type: 'json' };
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { accessRoutes as routes } from '../../../shared/contracts/routes/access.ts';
import { errorCatalogue } from '../../../shared/domain/triage/catalogue.ts';
import { apiHandler } from '../../../shared/runtime/api/api-handler.ts';
import { authenticator } from '../../../shared/runtime/api/authenticate.ts';
import { operation } from '../../../shared/runtime/api/operation.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { openTable } from '../../../shared/store/table.ts';
import { createApiToken, listApiTokens } from './api-tokens.ts';
import { createSocketTicket } from './socket-tickets.ts';
import { createWorkspace, getMe, getWorkspace, listWorkspaces } from './workspaces.ts';

const environment = loadEnvironment(functionEnvironments['api/access']);
const table = openTable(environment.CORE_TABLE);
const traffic = openTable(environment.TRAFFIC_TABLE);
const health = { status: 'ok', version: openApi.info.version };
const catalogue = { items: Object.entries(errorCatalogue).map(([id, entry]) => ({ id, ...entry })) };

export const handler = apiHandler(
  {
    getHealth: operation(routes.getHealth, async () => ({ body: health })),
    getOpenApi: operation(routes.getOpenApi, async () => ({ body: openApi })),
    getErrorCatalogue: operation(routes.getErrorCatalogue, async () => ({ body: catalogue })),
    getMe: operation(routes.getMe, (call) => getMe(table, call.principal)),
    createWorkspace: operation(routes.createWorkspace, (call) =>
      createWorkspace(table, environment.WORKSPACE_LIMIT, call),
    ),
    listWorkspaces: operation(routes.listWorkspaces, (call) => listWorkspaces(table, call)),
    getWorkspace: operation(routes.getWorkspace, (call) => getWorkspace(table, call.scope)),
    createApiToken: operation(routes.createApiToken, (call) => createApiToken(table, call)),
    listApiTokens: operation(routes.listApiTokens, (call) => listApiTokens(table, call)),
    createSocketTicket: operation(routes.createSocketTicket, (call) =>
      createSocketTicket({ core: table, traffic }, environment.SOCKET_URL, call),
    ),
  },
  { table, authenticate: authenticator(environment, table) },
);
