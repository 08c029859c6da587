import * as z from 'zod';
import { listQuery, osFamilySchema } from '../common.ts';
import { builderConfigurationInput, builderConfigurationSchema } from '../entities/builder-configuration.ts';
import { connectionInput, connectionSchema } from '../entities/connection.ts';
import { imageDefinitionInput, imageDefinitionSchema } from '../entities/image-definition.ts';
import { operatingSystemInput, operatingSystemSchema } from '../entities/operating-system.ts';
import { provisionerInput, provisionerSchema } from '../entities/provisioner.ts';
import { provisionerGroupInput, provisionerGroupSchema } from '../entities/provisioner-group.ts';
import {
  flattenedRoleSchema,
  provisionerRoleInput,
  provisionerRoleSchema,
} from '../entities/provisioner-role.ts';
import { runStatusSchema } from '../entities/run.ts';
import { connectionTrustSchema } from '../entities/trust.ts';
import { connectorRoutes } from './connectors.ts';
import { entityRoutes } from './entity-routes.ts';
import { overviewRoutes } from './overview.ts';
import { resourceRoutes } from './resources.ts';
import { inWorkspace, type Route } from './route.ts';
import { scheduleRoutes } from './schedules.ts';

const connections = entityRoutes({
  path: 'connections',
  patch: 'ConnectionPatch',
  noun: 'a connection',
  input: connectionInput,
  output: connectionSchema,
  query: listQuery,
});
const operatingSystems = entityRoutes({
  path: 'operating-systems',
  patch: 'OperatingSystemPatch',
  noun: 'an operating system',
  input: operatingSystemInput,
  output: operatingSystemSchema,
  query: listQuery.extend({ family: osFamilySchema.optional() }),
});
const builderConfigurations = entityRoutes({
  path: 'builder-configurations',
  patch: 'BuilderConfigurationPatch',
  noun: 'a builder configuration',
  input: builderConfigurationInput,
  output: builderConfigurationSchema,
  query: listQuery.extend({ platform: z.string().max(32).optional() }),
});
const provisioners = entityRoutes({
  path: 'provisioners',
  patch: 'ProvisionerPatch',
  noun: 'a provisioner',
  input: provisionerInput,
  output: provisionerSchema,
  query: listQuery,
});
const provisionerGroups = entityRoutes({
  path: 'provisioner-groups',
  patch: 'ProvisionerGroupPatch',
  noun: 'a provisioner group',
  input: provisionerGroupInput,
  output: provisionerGroupSchema,
  query: listQuery,
});
const provisionerRoles = entityRoutes({
  path: 'provisioner-roles',
  patch: 'ProvisionerRolePatch',
  noun: 'a provisioner role',
  input: provisionerRoleInput,
  output: provisionerRoleSchema,
  query: listQuery,
});
const imageDefinitions = entityRoutes({
  path: 'image-definitions',
  patch: 'ImageDefinitionPatch',
  noun: 'an image definition',
  input: imageDefinitionInput,
  output: imageDefinitionSchema,
  query: listQuery.extend({
    status: z.union([runStatusSchema, z.literal('NoRuns')]).optional(),
    platform: z.string().max(32).optional(),
  }),
});

/** What a team describes an image with. */
export const definitionRoutes = {
  ...resourceRoutes,
  ...connectorRoutes,
  ...overviewRoutes,
  ...scheduleRoutes,
  createConnection: connections.create,
  listConnections: connections.list,
  readConnection: connections.read,
  changeConnection: connections.change,
  deleteConnection: connections.remove,
  readConnectionTrust: {
    method: 'GET',
    path: `${inWorkspace}/connections/{id}/trust`,
    area: 'definitions',
    role: 'viewer',
    summary: 'What to set up at the provider so that builds of a connection are let in',
    status: 200,
    response: connectionTrustSchema,
  },
  createOperatingSystem: operatingSystems.create,
  listOperatingSystems: operatingSystems.list,
  readOperatingSystem: operatingSystems.read,
  changeOperatingSystem: operatingSystems.change,
  deleteOperatingSystem: operatingSystems.remove,
  createBuilderConfiguration: builderConfigurations.create,
  listBuilderConfigurations: builderConfigurations.list,
  readBuilderConfiguration: builderConfigurations.read,
  changeBuilderConfiguration: builderConfigurations.change,
  deleteBuilderConfiguration: builderConfigurations.remove,
  createProvisioner: provisioners.create,
  listProvisioners: provisioners.list,
  readProvisioner: provisioners.read,
  changeProvisioner: provisioners.change,
  deleteProvisioner: provisioners.remove,
  createProvisionerGroup: provisionerGroups.create,
  listProvisionerGroups: provisionerGroups.list,
  readProvisionerGroup: provisionerGroups.read,
  changeProvisionerGroup: provisionerGroups.change,
  deleteProvisionerGroup: provisionerGroups.remove,
  createProvisionerRole: provisionerRoles.create,
  listProvisionerRoles: provisionerRoles.list,
  readProvisionerRole: provisionerRoles.read,
  changeProvisionerRole: provisionerRoles.change,
  deleteProvisionerRole: provisionerRoles.remove,
  readFlattenedRole: {
    method: 'GET',
    path: `${inWorkspace}/provisioner-roles/{id}/provisioners`,
    area: 'definitions',
    role: 'viewer',
    summary: 'The provisioners of a role, laid flat in the order they run',
    status: 200,
    response: flattenedRoleSchema,
  },
  createImageDefinition: imageDefinitions.create,
  listImageDefinitions: imageDefinitions.list,
  readImageDefinition: imageDefinitions.read,
  changeImageDefinition: imageDefinitions.change,
  deleteImageDefinition: imageDefinitions.remove,
} as const satisfies Record<string, Route>;
