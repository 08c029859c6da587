import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { accessRoutes as routes } from '../../../shared/contracts/routes/access.ts';
import { apiHandler } from '../../../shared/runtime/api/api-handler.ts';
import { authenticator } from '../../../shared/runtime/api/authenticate.ts';
import { operation } from '../../../shared/runtime/api/operation.ts';
import { changeEntity } from '../../../shared/runtime/entities/change.ts';
import { listEntities } from '../../../shared/runtime/entities/list.ts';
import { readEntity } from '../../../shared/runtime/entities/read.ts';
import { removeEntity } from '../../../shared/runtime/entities/remove.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { openTable } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { apiToken, createApiToken } from './api-tokens.ts';
import { deleteMember, listMembers, putMember, readMember } from './members.ts';
import { listRunnerPools } from './runner-pools.ts';
import { createSocketTicket } from './socket-tickets.ts';
import {
  changeWorkspace,
  createWorkspace,
  deleteWorkspace,
  getMe,
  getWorkspace,
  listWorkspaces,
} from './workspaces.ts';

const environment = loadEnvironment(functionEnvironments['api/access']);
const table = openTable(environment.CORE_TABLE);
const traffic = openTable(environment.TRAFFIC_TABLE);
/** What a token holds is hashed, not sealed: this function has no right to the key. */
const secrets = { seal: () => Promise.reject(new Error('an API token has no sealed field')) };
const context = ({ scope }: { scope: WorkspaceScope }) => ({ table, secrets, scope });

export const handler = apiHandler(
  {
    getMe: operation(routes.getMe, (call) => getMe(table, call.principal)),
    listRunnerPools: operation(routes.listRunnerPools, () => listRunnerPools(environment.RUNNER_POOLS)),
    createWorkspace: operation(routes.createWorkspace, (call) =>
      createWorkspace(table, environment.WORKSPACE_LIMIT, call),
    ),
    listWorkspaces: operation(routes.listWorkspaces, (call) => listWorkspaces(table, call)),
    getWorkspace: operation(routes.getWorkspace, (call) => getWorkspace(table, call.scope)),
    changeWorkspace: operation(routes.changeWorkspace, (call) =>
      changeWorkspace(table, environment.WORKSPACE_LIMIT, call),
    ),
    deleteWorkspace: operation(routes.deleteWorkspace, (call) => deleteWorkspace(table, call)),
    listMembers: operation(routes.listMembers, (call) => listMembers(table, call)),
    readMember: operation(routes.readMember, (call) => readMember(table, call)),
    putMember: operation(routes.putMember, (call) => putMember(table, call)),
    deleteMember: operation(routes.deleteMember, (call) => deleteMember(table, call)),
    createApiToken: operation(routes.createApiToken, (call) => createApiToken(context(call), call)),
    listApiTokens: operation(routes.listApiTokens, (call) => listEntities(apiToken, context(call), call)),
    readApiToken: operation(routes.readApiToken, (call) =>
      readEntity(apiToken, context(call), call.params.id),
    ),
    changeApiToken: operation(routes.changeApiToken, (call) => changeEntity(apiToken, context(call), call)),
    deleteApiToken: operation(routes.deleteApiToken, (call) => removeEntity(apiToken, context(call), call)),
    createSocketTicket: operation(routes.createSocketTicket, (call) =>
      createSocketTicket({ core: table, traffic }, environment.SOCKET_URL, call),
    ),
  },
  { table, authenticate: authenticator(environment, table) },
);
