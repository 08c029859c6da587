import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { definitionRoutes as routes } from '../../../shared/contracts/routes/definitions.ts';
import { apiHandler } from '../../../shared/runtime/api/api-handler.ts';
import { authenticator } from '../../../shared/runtime/api/authenticate.ts';
import { operation } from '../../../shared/runtime/api/operation.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { secretBox } from '../../../shared/store/secret-box.ts';
import { openTable } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { builderConfiguration } from './entities/builder-configuration.ts';
import { connection } from './entities/connection.ts';
import { imageDefinition } from './entities/image-definition.ts';
import { operatingSystem } from './entities/operating-system.ts';
import { provisioner } from './entities/provisioner.ts';
import { provisionerGroup } from './entities/provisioner-group.ts';
import { flattenRole, provisionerRole } from './entities/provisioner-role.ts';
import { createEntity, listEntities, readEntity } from './verbs.ts';

const environment = loadEnvironment(functionEnvironments['api/definitions']);
const table = openTable(environment.CORE_TABLE);
const secrets = secretBox(environment.SECRETS_KEY_ARN);
const context = ({ scope }: { scope: WorkspaceScope }) => ({ table, secrets, scope });

export const handler = apiHandler(
  {
    createConnection: operation(routes.createConnection, (call) =>
      createEntity(connection, context(call), call),
    ),
    listConnections: operation(routes.listConnections, (call) =>
      listEntities(connection, context(call), call),
    ),
    readConnection: operation(routes.readConnection, (call) =>
      readEntity(connection, context(call), call.params.id),
    ),
    createOperatingSystem: operation(routes.createOperatingSystem, (call) =>
      createEntity(operatingSystem, context(call), call),
    ),
    listOperatingSystems: operation(routes.listOperatingSystems, (call) =>
      listEntities(operatingSystem, context(call), call),
    ),
    readOperatingSystem: operation(routes.readOperatingSystem, (call) =>
      readEntity(operatingSystem, context(call), call.params.id),
    ),
    createBuilderConfiguration: operation(routes.createBuilderConfiguration, (call) =>
      createEntity(builderConfiguration, context(call), call),
    ),
    listBuilderConfigurations: operation(routes.listBuilderConfigurations, (call) =>
      listEntities(builderConfiguration, context(call), call),
    ),
    readBuilderConfiguration: operation(routes.readBuilderConfiguration, (call) =>
      readEntity(builderConfiguration, context(call), call.params.id),
    ),
    createProvisioner: operation(routes.createProvisioner, (call) =>
      createEntity(provisioner, context(call), call),
    ),
    listProvisioners: operation(routes.listProvisioners, (call) =>
      listEntities(provisioner, context(call), call),
    ),
    readProvisioner: operation(routes.readProvisioner, (call) =>
      readEntity(provisioner, context(call), call.params.id),
    ),
    createProvisionerGroup: operation(routes.createProvisionerGroup, (call) =>
      createEntity(provisionerGroup, context(call), call),
    ),
    listProvisionerGroups: operation(routes.listProvisionerGroups, (call) =>
      listEntities(provisionerGroup, context(call), call),
    ),
    readProvisionerGroup: operation(routes.readProvisionerGroup, (call) =>
      readEntity(provisionerGroup, context(call), call.params.id),
    ),
    createProvisionerRole: operation(routes.createProvisionerRole, (call) =>
      createEntity(provisionerRole, context(call), call),
    ),
    listProvisionerRoles: operation(routes.listProvisionerRoles, (call) =>
      listEntities(provisionerRole, context(call), call),
    ),
    readProvisionerRole: operation(routes.readProvisionerRole, (call) =>
      readEntity(provisionerRole, context(call), call.params.id),
    ),
    createImageDefinition: operation(routes.createImageDefinition, (call) =>
      createEntity(imageDefinition, context(call), call),
    ),
    listImageDefinitions: operation(routes.listImageDefinitions, (call) =>
      listEntities(imageDefinition, context(call), call),
    ),
    readImageDefinition: operation(routes.readImageDefinition, (call) =>
      readEntity(imageDefinition, context(call), call.params.id),
    ),
    readFlattenedRole: operation(routes.readFlattenedRole, (call) =>
      flattenRole(context(call), call.params.id),
    ),
  },
  { table, authenticate: authenticator(environment, table) },
);
