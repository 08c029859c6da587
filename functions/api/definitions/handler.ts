import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { definitionRoutes as routes } from '../../../shared/contracts/routes/definitions.ts';
import { apiHandler } from '../../../shared/runtime/api/api-handler.ts';
import { authenticator } from '../../../shared/runtime/api/authenticate.ts';
import { operation } from '../../../shared/runtime/api/operation.ts';
import { changeEntity } from '../../../shared/runtime/entities/change.ts';
import { createEntity } from '../../../shared/runtime/entities/create.ts';
import { listEntities } from '../../../shared/runtime/entities/list.ts';
import { readEntity } from '../../../shared/runtime/entities/read.ts';
import { removeEntity } from '../../../shared/runtime/entities/remove.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { resourceFiles } from '../../../shared/store/resource-files.ts';
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
import { resource } from './entities/resource.ts';
import { schedule } from './entities/schedule.ts';
import { completeResource } from './resources/complete-resource.ts';
import { downloadResource } from './resources/download-resource.ts';
import { addResourceVersion, createResource } from './resources/upload-resource.ts';
import { previewSchedule } from './schedules/preview-schedule.ts';
import { listFirings, readNextFirings } from './schedules/read-firings.ts';

const environment = loadEnvironment(functionEnvironments['api/definitions']);
const table = openTable(environment.CORE_TABLE);
const secrets = secretBox(environment.SECRETS_KEY_ARN);
const files = resourceFiles(environment.RESOURCES_BUCKET);
const context = ({ scope }: { scope: WorkspaceScope }) => ({ table, secrets, scope });
const withFiles = (call: { scope: WorkspaceScope }) => ({ ...context(call), files });

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
    changeConnection: operation(routes.changeConnection, (call) =>
      changeEntity(connection, context(call), call),
    ),
    deleteConnection: operation(routes.deleteConnection, (call) =>
      removeEntity(connection, context(call), call),
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
    changeOperatingSystem: operation(routes.changeOperatingSystem, (call) =>
      changeEntity(operatingSystem, context(call), call),
    ),
    deleteOperatingSystem: operation(routes.deleteOperatingSystem, (call) =>
      removeEntity(operatingSystem, context(call), call),
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
    changeBuilderConfiguration: operation(routes.changeBuilderConfiguration, (call) =>
      changeEntity(builderConfiguration, context(call), call),
    ),
    deleteBuilderConfiguration: operation(routes.deleteBuilderConfiguration, (call) =>
      removeEntity(builderConfiguration, context(call), call),
    ),
    createResource: operation(routes.createResource, (call) => createResource(withFiles(call), call)),
    listResources: operation(routes.listResources, (call) => listEntities(resource, context(call), call)),
    readResource: operation(routes.readResource, (call) =>
      readEntity(resource, context(call), call.params.id),
    ),
    changeResource: operation(routes.changeResource, (call) => changeEntity(resource, context(call), call)),
    deleteResource: operation(routes.deleteResource, (call) => removeEntity(resource, context(call), call)),
    addResourceVersion: operation(routes.addResourceVersion, (call) =>
      addResourceVersion(withFiles(call), call),
    ),
    completeResource: operation(routes.completeResource, (call) => completeResource(withFiles(call), call)),
    downloadResource: operation(routes.downloadResource, (call) => downloadResource(withFiles(call), call)),
    createProvisioner: operation(routes.createProvisioner, (call) =>
      createEntity(provisioner, context(call), call),
    ),
    listProvisioners: operation(routes.listProvisioners, (call) =>
      listEntities(provisioner, context(call), call),
    ),
    readProvisioner: operation(routes.readProvisioner, (call) =>
      readEntity(provisioner, context(call), call.params.id),
    ),
    changeProvisioner: operation(routes.changeProvisioner, (call) =>
      changeEntity(provisioner, context(call), call),
    ),
    deleteProvisioner: operation(routes.deleteProvisioner, (call) =>
      removeEntity(provisioner, context(call), call),
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
    changeProvisionerGroup: operation(routes.changeProvisionerGroup, (call) =>
      changeEntity(provisionerGroup, context(call), call),
    ),
    deleteProvisionerGroup: operation(routes.deleteProvisionerGroup, (call) =>
      removeEntity(provisionerGroup, context(call), call),
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
    changeProvisionerRole: operation(routes.changeProvisionerRole, (call) =>
      changeEntity(provisionerRole, context(call), call),
    ),
    deleteProvisionerRole: operation(routes.deleteProvisionerRole, (call) =>
      removeEntity(provisionerRole, context(call), call),
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
    changeImageDefinition: operation(routes.changeImageDefinition, (call) =>
      changeEntity(imageDefinition, context(call), call),
    ),
    deleteImageDefinition: operation(routes.deleteImageDefinition, (call) =>
      removeEntity(imageDefinition, context(call), call),
    ),
    createSchedule: operation(routes.createSchedule, (call) => createEntity(schedule, context(call), call)),
    listSchedules: operation(routes.listSchedules, (call) => listEntities(schedule, context(call), call)),
    readSchedule: operation(routes.readSchedule, (call) =>
      readEntity(schedule, context(call), call.params.id),
    ),
    changeSchedule: operation(routes.changeSchedule, (call) => changeEntity(schedule, context(call), call)),
    deleteSchedule: operation(routes.deleteSchedule, (call) => removeEntity(schedule, context(call), call)),
    previewSchedule: operation(routes.previewSchedule, previewSchedule),
    readNextFirings: operation(routes.readNextFirings, (call) =>
      readNextFirings(context(call), call.params.id),
    ),
    listFirings: operation(routes.listFirings, (call) => listFirings(context(call), call)),
    readFlattenedRole: operation(routes.readFlattenedRole, (call) =>
      flattenRole(context(call), call.params.id),
    ),
  },
  { table, authenticate: authenticator(environment, table) },
);
