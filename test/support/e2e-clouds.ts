/** Definitions on the stand-ins of Azure and Google Cloud, made through the API like any other. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type CloudAccounts, cloudAccountsSchema } from '../../infra/local/standins/clouds/files.ts';
import { SSH_PORT } from '../../infra/local/stack/settings.ts';
import { checkListSchema } from '../../shared/contracts/entities/check.ts';
import { imageDefinitionSchema } from '../../shared/contracts/entities/image-definition.ts';
import { localStack, post } from './e2e-client.ts';

const entitySchema = z.object({ id: z.string() });

/** What the stand-ins give to whoever builds in them. */
export const cloudAccounts = (): CloudAccounts =>
  cloudAccountsSchema.parse(JSON.parse(readFileSync(join(localStack().home, 'clouds.json'), 'utf8')));

const mark = (): string => randomBytes(4).toString('hex');
const make = async (path: string, body: object): Promise<string> => (await post(path, entitySchema, body)).id;

export const azureConnection = (clientSecret = cloudAccounts().azure.clientSecret): Promise<string> => {
  const { subscriptionId, tenantId, clientId } = cloudAccounts().azure;
  const auth = { type: 'client-secret', tenantId, clientId, clientSecret: { value: clientSecret } };
  return make('/connections', {
    name: `azure ${mark()}`,
    platform: 'azure',
    settings: { subscriptionId, auth },
  });
};

export const gcpConnection = (): Promise<string> => {
  const { projectId, credentialsJson } = cloudAccounts().gcp;
  const auth = { type: 'service-account-key', credentialsJson: { value: credentialsJson } };
  return make('/connections', { name: `gcp ${mark()}`, platform: 'gcp', settings: { projectId, auth } });
};

/** An operating system with one image; machines of the stand-ins take SSH at this port. */
export const linuxOf = (image: object, username: string): Promise<string> =>
  make('/operating-systems', {
    name: `linux ${mark()}`,
    family: 'linux',
    distribution: 'debian',
    version: '12',
    architecture: 'x86_64',
    images: [{ ...image, access: { communicator: 'ssh', username, port: SSH_PORT } }],
  });

export const azureManagedBuilder = (connectionId: string): Promise<string> =>
  make('/builder-configurations', {
    name: `managed ${mark()}`,
    platform: 'azure',
    builderType: 'azure-managed',
    connectionId,
    settings: {
      location: 'westeurope',
      vmSize: 'Standard_D2s_v5',
      managedImageResourceGroupName: cloudAccounts().azure.resourceGroup,
    },
  });

export const googleBuilder = (connectionId: string, settings: object = {}): Promise<string> =>
  make('/builder-configurations', {
    name: `google ${mark()}`,
    platform: 'gcp',
    builderType: 'googlecompute',
    connectionId,
    settings: { zone: 'europe-west1-b', machineType: 'e2-standard-2', ...settings },
  });

/** A definition of these parts with one script. */
export const definitionOf = async (parts: {
  prefix: string;
  operatingSystemId: string;
  builderConfigurationId: string;
  script: string;
}) => {
  const { prefix, script, ...ids } = parts;
  const own = mark();
  const step = { name: `step ${own}`, type: 'shell', osFamily: 'linux', script };
  const provisionerId = await make('/provisioners', step);
  const groupId = await make('/provisioner-groups', { name: `group ${own}`, items: [{ provisionerId }] });
  const provisionerRoleId = await make('/provisioner-roles', { name: `role ${own}`, groupIds: [groupId] });
  return post('/image-definitions', imageDefinitionSchema, {
    name: `${prefix}-${own}`,
    provisionerRoleId,
    ...ids,
  });
};

/** What is said of a definition before it is run. */
export const preflightOf = (definitionId: string) =>
  post(`/image-definitions/${definitionId}/preflight`, checkListSchema);
