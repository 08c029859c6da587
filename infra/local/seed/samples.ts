/** What the seeded workspace holds: everything that the image definition `QuickStart` is made of. */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { builderConfigurationInput } from '../../../shared/contracts/entities/builder-configuration.ts';
import type { connectionInput } from '../../../shared/contracts/entities/connection.ts';
import type { imageDefinitionInput } from '../../../shared/contracts/entities/image-definition.ts';
import type { operatingSystemInput } from '../../../shared/contracts/entities/operating-system.ts';
import type { provisionerInput } from '../../../shared/contracts/entities/provisioner.ts';
import type { provisionerGroupInput } from '../../../shared/contracts/entities/provisioner-group.ts';
import type { provisionerRoleInput } from '../../../shared/contracts/entities/provisioner-role.ts';
import type { workspaceInput } from '../../../shared/contracts/entities/workspace.ts';
import { CUSTOMER_ACCOUNT, REGION, SSH_PORT } from '../stack/settings.ts';

/** Name of the definition that `npm start` builds. */
export const QUICK_START = 'QuickStart';

/** The user that the base image lets in; Debian's images on AWS call it so. */
export const LOGIN_USER = 'admin';

/** The file that a provisioner writes, and what must be in it in the built image. */
export const WITNESS_FILE = '/etc/goldsmith-quickstart';
const WITNESS_WORD = 'goldsmith';
/** Content of the witness file, as `sha256sum` prints it. */
export const WITNESS_SUM = createHash('sha256').update(WITNESS_WORD).digest('hex');

/** Debian's own AWS account; the stand-in's catalogue has the same owners as AWS. */
const DEBIAN = '136693071363';

/** The workspace that everything else is in. */
export const workspace: z.input<typeof workspaceInput> = {
  name: 'Quick start',
  description: 'Made by npm start',
};

/** The customer's account, entered through a role as on AWS. */
export const connection: z.input<typeof connectionInput> = {
  name: "Customer's AWS account (stand-in)",
  description: 'An AWS account on this machine: its instances are QEMU virtual machines',
  platform: 'aws',
  settings: {
    region: REGION,
    auth: { type: 'role', roleArn: `arn:aws:iam::${CUSTOMER_ACCOUNT}:role/goldsmith-builder` },
  },
};

/** The newest Debian 12 of the account's catalogue. */
export const operatingSystem: z.input<typeof operatingSystemInput> = {
  name: 'Debian 12',
  description: 'On this machine a small Linux that boots in seconds, with the kernel of your own system',
  family: 'linux',
  distribution: 'Debian',
  version: '12',
  architecture: 'x86_64',
  images: [
    {
      type: 'aws-ami-filter',
      owners: [DEBIAN],
      nameFilter: 'debian-12-amd64-*',
      access: { communicator: 'ssh', username: LOGIN_USER, port: SSH_PORT },
    },
  ],
};

/** A private subnet of the account, as for any build that the runner reaches inside the VPC. */
export const builderConfiguration = (
  connectionId: string,
  subnetId: string,
): z.input<typeof builderConfigurationInput> => ({
  name: 'Small VM in the private subnet',
  platform: 'aws',
  builderType: 'amazon-ebs',
  connectionId,
  settings: { instanceType: 't3.micro', subnetId, sshInterface: 'private_ip', sshPort: SSH_PORT },
});

/** Three steps: look around, write a file as root, upload a file. */
export const provisioners: z.input<typeof provisionerInput>[] = [
  {
    name: 'Show the system',
    type: 'shell',
    osFamily: 'linux',
    script: [
      'echo "kernel: $(uname -sr)"',
      'echo "user:   $(id -un)"',
      'echo "memory: $(grep MemTotal /proc/meminfo | tr -s " ")"',
      'df -h /',
    ].join('\n'),
  },
  {
    name: 'Write the witness file',
    description: `Puts the SHA-256 of a word into ${WITNESS_FILE}: npm start boots the image and reads it back`,
    type: 'shell',
    osFamily: 'linux',
    runAs: 'root',
    environment: { QUICK_START_WORD: WITNESS_WORD },
    script: [
      'set -eu',
      `printf %s "$QUICK_START_WORD" | sha256sum | cut -d " " -f 1 > ${WITNESS_FILE}`,
      `echo "${WITNESS_FILE}: $(cat ${WITNESS_FILE})"`,
    ].join('\n'),
  },
  {
    name: 'Upload a note',
    type: 'file',
    osFamily: 'linux',
    content: 'This image was built by Goldsmith.\n',
    destination: `/home/${LOGIN_USER}/about-this-image.txt`,
  },
];

/** The three steps in their order. */
export const provisionerGroup = (
  provisionerIds: readonly string[],
): z.input<typeof provisionerGroupInput> => ({
  name: 'Quick start steps',
  items: provisionerIds.map((provisionerId) => ({ provisionerId })),
});

/** A role of one group. */
export const provisionerRole = (groupId: string): z.input<typeof provisionerRoleInput> => ({
  name: 'Quick start',
  groupIds: [groupId],
});

/** The definition itself. */
export const imageDefinition = (
  operatingSystemId: string,
  builderConfigurationId: string,
  provisionerRoleId: string,
): z.input<typeof imageDefinitionInput> => ({
  name: QUICK_START,
  description: 'Builds a small Linux with three provisioners',
  operatingSystemId,
  builderConfigurationId,
  provisionerRoleId,
});
