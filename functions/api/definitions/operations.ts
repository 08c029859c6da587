import { definitionRoutes as routes } from '../../../shared/contracts/routes/definitions.ts';
import { earlyOperation, operation } from '../../../shared/runtime/api/operation.ts';
import type { EntityContext } from '../../../shared/runtime/entities/module.ts';
import { verbsOf } from '../../../shared/runtime/entities/verbs.ts';
import type { ResourceFiles } from '../../../shared/store/resource-files.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { listAuditEvents } from './audit-events.ts';
import { readConnectionTrust, type Trust } from './connection-trust.ts';
import { builderConfigurationIn } from './entities/builder-configuration.ts';
import { connection } from './entities/connection.ts';
import { connector } from './entities/connector.ts';
import { imageDefinition } from './entities/image-definition.ts';
import { operatingSystem } from './entities/operating-system.ts';
import { provisioner } from './entities/provisioner.ts';
import { provisionerGroup } from './entities/provisioner-group.ts';
import { flattenRole, provisionerRole } from './entities/provisioner-role.ts';
import { resource } from './entities/resource.ts';
import { schedule } from './entities/schedule.ts';
import { createRegistrationCode } from './registration-codes.ts';
import { completeResource } from './resources/complete-resource.ts';
import { downloadResource } from './resources/download-resource.ts';
import { addResourceVersion, createResource } from './resources/upload-resource.ts';
import { previewSchedule } from './schedules/preview-schedule.ts';
import { listFirings, readNextFirings } from './schedules/read-firings.ts';
import { listTags } from './tags.ts';

export type DefinitionsApi = Pick<EntityContext, 'table' | 'secrets'> & {
  files: ResourceFiles;
  /** The runner pools of the deployment, which builder configurations may name. */
  poolIds: string[];
  /** What customers' accounts are told to trust. */
  trust: Trust;
};

const contextOf =
  ({ table, secrets }: DefinitionsApi) =>
  ({ scope }: { scope: WorkspaceScope }) => ({ table, secrets, scope });

const imageOperations = (api: DefinitionsApi) => {
  const connections = verbsOf(connection, api);
  const operatingSystems = verbsOf(operatingSystem, api);
  const builderConfigurations = verbsOf(builderConfigurationIn(api.poolIds), api);
  const imageDefinitions = verbsOf(imageDefinition, api);
  const context = contextOf(api);
  return {
    createConnection: earlyOperation(routes.createConnection, connections.create),
    listConnections: operation(routes.listConnections, connections.list),
    readConnection: operation(routes.readConnection, connections.read),
    changeConnection: earlyOperation(routes.changeConnection, connections.change),
    deleteConnection: earlyOperation(routes.deleteConnection, connections.remove),
    readConnectionTrust: operation(routes.readConnectionTrust, (call) =>
      readConnectionTrust(context(call), api.trust, call.params.id),
    ),
    createOperatingSystem: earlyOperation(routes.createOperatingSystem, operatingSystems.create),
    listOperatingSystems: operation(routes.listOperatingSystems, operatingSystems.list),
    readOperatingSystem: operation(routes.readOperatingSystem, operatingSystems.read),
    changeOperatingSystem: earlyOperation(routes.changeOperatingSystem, operatingSystems.change),
    deleteOperatingSystem: earlyOperation(routes.deleteOperatingSystem, operatingSystems.remove),
    createBuilderConfiguration: earlyOperation(
      routes.createBuilderConfiguration,
      builderConfigurations.create,
    ),
    listBuilderConfigurations: operation(routes.listBuilderConfigurations, builderConfigurations.list),
    readBuilderConfiguration: operation(routes.readBuilderConfiguration, builderConfigurations.read),
    changeBuilderConfiguration: earlyOperation(
      routes.changeBuilderConfiguration,
      builderConfigurations.change,
    ),
    deleteBuilderConfiguration: earlyOperation(
      routes.deleteBuilderConfiguration,
      builderConfigurations.remove,
    ),
    createImageDefinition: earlyOperation(routes.createImageDefinition, imageDefinitions.create),
    listImageDefinitions: operation(routes.listImageDefinitions, imageDefinitions.list),
    readImageDefinition: operation(routes.readImageDefinition, imageDefinitions.read),
    changeImageDefinition: earlyOperation(routes.changeImageDefinition, imageDefinitions.change),
    deleteImageDefinition: earlyOperation(routes.deleteImageDefinition, imageDefinitions.remove),
  };
};

const resourceOperations = (api: DefinitionsApi) => {
  const resources = verbsOf(resource, api);
  const context = contextOf(api);
  const withFiles = (call: { scope: WorkspaceScope }) => ({ ...context(call), files: api.files });
  return {
    createResource: operation(routes.createResource, (call) => createResource(withFiles(call), call)),
    listResources: operation(routes.listResources, resources.list),
    readResource: operation(routes.readResource, resources.read),
    changeResource: earlyOperation(routes.changeResource, resources.change),
    deleteResource: earlyOperation(routes.deleteResource, resources.remove),
    addResourceVersion: operation(routes.addResourceVersion, (call) =>
      addResourceVersion(withFiles(call), call),
    ),
    completeResource: operation(routes.completeResource, (call) => completeResource(withFiles(call), call)),
    downloadResource: operation(routes.downloadResource, (call) => downloadResource(withFiles(call), call)),
  };
};

const provisionerOperations = (api: DefinitionsApi) => {
  const provisioners = verbsOf(provisioner, api);
  const provisionerGroups = verbsOf(provisionerGroup, api);
  const provisionerRoles = verbsOf(provisionerRole, api);
  const context = contextOf(api);
  return {
    createProvisioner: earlyOperation(routes.createProvisioner, provisioners.create),
    listProvisioners: operation(routes.listProvisioners, provisioners.list),
    readProvisioner: operation(routes.readProvisioner, provisioners.read),
    changeProvisioner: earlyOperation(routes.changeProvisioner, provisioners.change),
    deleteProvisioner: earlyOperation(routes.deleteProvisioner, provisioners.remove),
    createProvisionerGroup: earlyOperation(routes.createProvisionerGroup, provisionerGroups.create),
    listProvisionerGroups: operation(routes.listProvisionerGroups, provisionerGroups.list),
    readProvisionerGroup: operation(routes.readProvisionerGroup, provisionerGroups.read),
    changeProvisionerGroup: earlyOperation(routes.changeProvisionerGroup, provisionerGroups.change),
    deleteProvisionerGroup: earlyOperation(routes.deleteProvisionerGroup, provisionerGroups.remove),
    createProvisionerRole: earlyOperation(routes.createProvisionerRole, provisionerRoles.create),
    listProvisionerRoles: operation(routes.listProvisionerRoles, provisionerRoles.list),
    readProvisionerRole: operation(routes.readProvisionerRole, provisionerRoles.read),
    changeProvisionerRole: earlyOperation(routes.changeProvisionerRole, provisionerRoles.change),
    deleteProvisionerRole: earlyOperation(routes.deleteProvisionerRole, provisionerRoles.remove),
    readFlattenedRole: operation(routes.readFlattenedRole, (call) =>
      flattenRole(context(call), call.params.id),
    ),
  };
};

const scheduleOperations = (api: DefinitionsApi) => {
  const schedules = verbsOf(schedule, api);
  const context = contextOf(api);
  return {
    createSchedule: earlyOperation(routes.createSchedule, schedules.create),
    listSchedules: operation(routes.listSchedules, schedules.list),
    readSchedule: operation(routes.readSchedule, schedules.read),
    changeSchedule: earlyOperation(routes.changeSchedule, schedules.change),
    deleteSchedule: earlyOperation(routes.deleteSchedule, schedules.remove),
    previewSchedule: operation(routes.previewSchedule, previewSchedule),
    readNextFirings: operation(routes.readNextFirings, (call) =>
      readNextFirings(context(call), call.params.id),
    ),
    listFirings: operation(routes.listFirings, (call) => listFirings(context(call), call)),
  };
};

const connectorOperations = (api: DefinitionsApi) => {
  const connectors = verbsOf(connector, api);
  const context = contextOf(api);
  return {
    createConnector: earlyOperation(routes.createConnector, connectors.create),
    listConnectors: operation(routes.listConnectors, connectors.list),
    readConnector: operation(routes.readConnector, connectors.read),
    changeConnector: earlyOperation(routes.changeConnector, connectors.change),
    deleteConnector: earlyOperation(routes.deleteConnector, connectors.remove),
    createRegistrationCode: operation(routes.createRegistrationCode, (call) =>
      createRegistrationCode(context(call), call),
    ),
  };
};

const overviewOperations = ({ table }: DefinitionsApi) => ({
  listTags: operation(routes.listTags, (call) => listTags(table, call)),
  listAuditEvents: operation(routes.listAuditEvents, (call) => listAuditEvents(table, call)),
});

/** Everything that a team describes an image with: each operation and what serves it. */
export const definitionOperations = (api: DefinitionsApi) => ({
  ...imageOperations(api),
  ...resourceOperations(api),
  ...provisionerOperations(api),
  ...scheduleOperations(api),
  ...connectorOperations(api),
  ...overviewOperations(api),
});
