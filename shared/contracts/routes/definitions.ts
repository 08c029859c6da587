import * as z from 'zod';
import { listQuery, osFamilySchema, pageOf } from '../common.ts';
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
import { inWorkspace, type Route } from './route.ts';

/** The verbs every entity has; an entity that has more adds them beside. */
const entityRoutes = <
  P extends string,
  I extends z.ZodType,
  O extends z.ZodType,
  Q extends z.ZodType,
>(entity: {
  path: P;
  noun: string;
  input: I;
  output: O;
  query: Q;
}) =>
  ({
    create: {
      method: 'POST',
      path: `${inWorkspace}/${entity.path}`,
      area: 'definitions',
      role: 'editor',
      summary: `Create ${entity.noun}`,
      body: entity.input,
      status: 201,
      response: entity.output,
    },
    list: {
      method: 'GET',
      path: `${inWorkspace}/${entity.path}`,
      area: 'definitions',
      role: 'viewer',
      summary: `List, newest first: ${entity.noun}`,
      query: entity.query,
      status: 200,
      response: pageOf(entity.output),
    },
    read: {
      method: 'GET',
      path: `${inWorkspace}/${entity.path}/{id}`,
      area: 'definitions',
      role: 'viewer',
      summary: `Read ${entity.noun}`,
      status: 200,
      response: entity.output,
    },
  }) as const satisfies Record<string, Route>;

const connections = entityRoutes({
  path: 'connections',
  noun: 'a connection',
  input: connectionInput,
  output: connectionSchema,
  query: listQuery,
});
const operatingSystems = entityRoutes({
  path: 'operating-systems',
  noun: 'an operating system',
  input: operatingSystemInput,
  output: operatingSystemSchema,
  query: listQuery.extend({ family: osFamilySchema.optional() }),
});
const builderConfigurations = entityRoutes({
  path: 'builder-configurations',
  noun: 'a builder configuration',
  input: builderConfigurationInput,
  output: builderConfigurationSchema,
  query: listQuery.extend({ platform: z.string().max(32).optional() }),
});
const provisioners = entityRoutes({
  path: 'provisioners',
  noun: 'a provisioner',
  input: provisionerInput,
  output: provisionerSchema,
  query: listQuery,
});
const provisionerGroups = entityRoutes({
  path: 'provisioner-groups',
  noun: 'a provisioner group',
  input: provisionerGroupInput,
  output: provisionerGroupSchema,
  query: listQuery,
});
const provisionerRoles = entityRoutes({
  path: 'provisioner-roles',
  noun: 'a provisioner role',
  input: provisionerRoleInput,
  output: provisionerRoleSchema,
  query: listQuery,
});
const imageDefinitions = entityRoutes({
  path: 'image-definitions',
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
  createConnection: connections.create,
  listConnections: connections.list,
  readConnection: connections.read,
  createOperatingSystem: operatingSystems.create,
  listOperatingSystems: operatingSystems.list,
  readOperatingSystem: operatingSystems.read,
  createBuilderConfiguration: builderConfigurations.create,
  listBuilderConfigurations: builderConfigurations.list,
  readBuilderConfiguration: builderConfigurations.read,
  createProvisioner: provisioners.create,
  listProvisioners: provisioners.list,
  readProvisioner: provisioners.read,
  createProvisionerGroup: provisionerGroups.create,
  listProvisionerGroups: provisionerGroups.list,
  readProvisionerGroup: provisionerGroups.read,
  createProvisionerRole: provisionerRoles.create,
  listProvisionerRoles: provisionerRoles.list,
  readProvisionerRole: provisionerRoles.read,
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
} as const satisfies Record<string, Route>;
