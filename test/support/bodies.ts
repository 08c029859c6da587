import { ulid } from './builders.ts';

/** Request bodies that are accepted as they are; a test changes the one field that it is about. */

const name = { description: 'made by a test', tags: { team: 'web', purpose: 'test' } };

export const connectionBody = (fields: object = {}) => ({
  name: 'Web account',
  ...name,
  platform: 'aws',
  settings: {
    region: 'eu-west-1',
    auth: {
      type: 'access-key',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: { value: 'planted-secret-access-key' },
    },
  },
  imageTags: { 'cost centre': '42' },
  ...fields,
});

export const roleConnectionBody = (fields: object = {}) => ({
  name: 'Web account by role',
  platform: 'aws',
  settings: {
    region: 'eu-west-1',
    auth: { type: 'role', roleArn: 'arn:aws:iam::123456789012:role/goldsmith' },
  },
  ...fields,
});

export const operatingSystemBody = (fields: object = {}) => ({
  name: 'Ubuntu 24.04',
  ...name,
  family: 'linux',
  distribution: 'ubuntu',
  version: '24.04',
  architecture: 'x86_64',
  images: [
    {
      type: 'aws-ami-filter',
      owners: ['099720109477'],
      nameFilter: 'ubuntu/images/*-24.04-amd64-server-*',
      access: { communicator: 'ssh', username: 'ubuntu' },
      rootDevice: '/dev/sda1',
    },
  ],
  supportState: 'supported',
  ...fields,
});

export const builderBody = (connectionId = `con_${ulid('C')}`, fields: object = {}) => ({
  name: 'Small builder',
  ...name,
  platform: 'aws',
  builderType: 'amazon-ebs',
  connectionId,
  network: 'public',
  settings: { region: 'eu-west-1', instanceType: 't3.small', amiDescription: 'base image of the web team' },
  ...fields,
});

export const shellBody = (fields: object = {}) => ({
  name: 'install packages',
  ...name,
  type: 'shell',
  osFamily: 'linux',
  script: '#!/bin/sh\nset -eu\necho "${GREETING} {{ braces are fine in a script }}"\n',
  environment: { GREETING: 'hello' },
  secretEnvironment: { LICENCE_KEY: { value: 'planted-licence-key' } },
  timeoutSeconds: 600,
  retries: 1,
  ...fields,
});

export const fileBody = (fields: object = {}) => ({
  name: 'message of the day',
  ...name,
  type: 'file',
  osFamily: 'linux',
  content: 'Welcome to {{ this }} machine\n',
  destination: '/tmp/motd',
  ...fields,
});

export const groupBody = (provisionerIds: string[] = [`prv_${ulid('P')}`], fields: object = {}) => ({
  name: 'basics',
  ...name,
  items: provisionerIds.map((provisionerId) => ({ provisionerId, enabled: true })),
  ...fields,
});

export const roleBody = (groupIds: string[] = [`grp_${ulid('G')}`], fields: object = {}) => ({
  name: 'web server',
  ...name,
  groupIds,
  ...fields,
});

type Parts = { operatingSystemId: string; builderConfigurationId: string; provisionerRoleId: string };
const noParts: Parts = {
  operatingSystemId: `os_${ulid('S')}`,
  builderConfigurationId: `bld_${ulid('B')}`,
  provisionerRoleId: `rol_${ulid('R')}`,
};

export const definitionBody = (parts: Parts = noParts, fields: object = {}) => ({
  name: 'Web-Base',
  ...name,
  ...parts,
  platform: 'aws',
  variables: { STAGE: 'test' },
  timeoutSeconds: 3600,
  firstNumber: 5,
  ...fields,
});

export const scheduleBody = (fields: object = {}) => ({
  name: 'nightly',
  ...name,
  frequency: { type: 'daily', time: '03:00' },
  startAt: '2026-06-01T00:00:00.000Z',
  timeZone: 'Europe/Berlin',
  imageDefinitionIds: [],
  enabled: true,
  overlap: 'skip',
  maxLatenessSeconds: 3600,
  ...fields,
});
