import type { ProvisionerStored } from '../../../../shared/contracts/entities/provisioner.ts';
import type { AmazonEbsSettings } from '../../../../shared/contracts/platforms/aws.ts';
import type { SnapshotFile, SnapshotStep } from '../../../../shared/contracts/snapshot.ts';
import type { CompileInput } from '../../../../shared/packer/compile.ts';
import type { AwsSnapshot } from '../../../../shared/platforms/aws/base-image.ts';
import { aws } from '../../../../shared/platforms/aws/index.ts';
import type { RunIdentity } from '../../../../shared/platforms/platform.ts';

/** A ULID that ends in the given letters. */
export const ulid = (end: string): string => `01JD0000000000000000000000`.slice(0, 26 - end.length) + end;

const at = '2026-01-02T03:04:05.678Z';
export const base = (id: string, name: string) => ({
  id,
  name,
  description: '',
  tags: {},
  createdAt: at,
  createdBy: 'user-1',
  updatedAt: at,
  rev: 1,
});

export const secret = (field: string) => ({
  sealed: true as const,
  ciphertext: `cipher of ${field}`,
  field,
  updatedAt: at,
});

type Shell = Extract<ProvisionerStored, { type: 'shell' }>;
type PowerShell = Extract<ProvisionerStored, { type: 'powershell' }>;
type File = Extract<ProvisionerStored, { type: 'file' }>;

export const shell = (fields: Partial<Shell> = {}): Shell => ({
  ...base(`prv_${ulid('SH')}`, 'update packages'),
  type: 'shell',
  osFamily: 'linux',
  script: '#!/bin/bash\nset -eu\necho "hello ${USER} {{ not a template }}"\n',
  ...fields,
});

export const powershell = (fields: Partial<PowerShell> = {}): PowerShell => ({
  ...base(`prv_${ulid('PW')}`, 'install roles'),
  type: 'powershell',
  osFamily: 'windows',
  script: "Write-Host 'hello'\r\n",
  ...fields,
});

export const file = (fields: Partial<File> = {}): File => ({
  ...base(`prv_${ulid('FX')}`, 'message of the day'),
  type: 'file',
  osFamily: 'linux',
  content: 'Welcome to {{ this }} ${machine}\n',
  destination: '/tmp/motd',
  ...fields,
});

/** An uploaded file as a snapshot holds it. */
export const uploaded = (fields: Partial<SnapshotFile> = {}): SnapshotFile => ({
  resourceId: `res_${ulid('R')}`,
  name: 'installer',
  version: 3,
  fileName: 'setup.sh',
  sizeBytes: 12,
  sha256: 'a'.repeat(64),
  ...fields,
});

export const step = (
  index: number,
  provisioner: ProvisionerStored,
  environment: Record<string, string> = {},
): SnapshotStep => ({ index, groupId: `grp_${ulid('G')}`, groupName: 'basics', provisioner, environment });

export const snapshot = (fields: Partial<AwsSnapshot> = {}): AwsSnapshot => ({
  schemaVersion: 1,
  workspaceId: `ws_${ulid('W')}`,
  definition: {
    ...base(`def_${ulid('D')}`, 'Web-Base'),
    operatingSystemId: `os_${ulid('S')}`,
    builderConfigurationId: `bld_${ulid('B')}`,
    provisionerRoleId: `rol_${ulid('R')}`,
  },
  operatingSystem: {
    ...base(`os_${ulid('S')}`, 'Ubuntu 24.04'),
    family: 'linux',
    distribution: 'ubuntu',
    version: '24.04',
    architecture: 'x86_64',
    supportState: 'supported',
    images: [
      {
        type: 'aws-ami-filter',
        owners: ['099720109477'],
        nameFilter: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*',
        access: { communicator: 'ssh', username: 'ubuntu' },
      },
    ],
  },
  builderConfiguration: {
    ...base(`bld_${ulid('B')}`, 'small builder'),
    platform: 'aws',
    builderType: 'amazon-ebs',
    connectionId: `con_${ulid('C')}`,
    network: 'public',
    settings: { instanceType: 't3.small', subnetId: 'subnet-0123456789abcdef0' },
  },
  connection: {
    ...base(`con_${ulid('C')}`, 'account of the web team'),
    platform: 'aws',
    settings: {
      region: 'eu-central-1',
      auth: { type: 'role', roleArn: 'arn:aws:iam::123456789012:role/goldsmith' },
    },
    externalId: 'external-id-1',
    imageTags: { team: 'web' },
    temporaryResourceTags: { purpose: 'image build' },
  },
  role: { id: `rol_${ulid('R')}`, name: 'web server' },
  steps: [step(1, shell())],
  files: [],
  ...fields,
});

/** The same snapshot with other settings of its builder. */
export const withSettings = (from: AwsSnapshot, settings: Partial<AmazonEbsSettings>): AwsSnapshot => ({
  ...from,
  builderConfiguration: {
    ...from.builderConfiguration,
    settings: { ...from.builderConfiguration.settings, ...settings },
  },
});

/** A snapshot that uses every field of the builder and of the provisioners. */
export const fullSnapshot = (): AwsSnapshot =>
  withSettings(
    snapshot({
      steps: [
        step(
          1,
          shell({
            secretEnvironment: { TOKEN: secret('secretEnvironment/TOKEN') },
            runAs: 'root',
            retries: 2,
            pauseBeforeSeconds: 5,
            timeoutSeconds: 90,
            validExitCodes: [0, 3],
          }),
          { MOTTO: 'it\'s ${HOME} %{x} $(id) \\ " é\n' },
        ),
        step(2, file()),
        step(3, shell({ script: 'echo bye\n', expectDisconnect: true })),
      ],
    }),
    {
      vpcId: 'vpc-0123456789abcdef0',
      securityGroupIds: ['sg-0123456789abcdef0'],
      temporarySecurityGroupSourceCidrs: ['10.0.0.0/8'],
      associatePublicIpAddress: false,
      iamInstanceProfile: 'build-profile',
      ebsOptimized: true,
      enaSupport: true,
      encryptBoot: true,
      kmsKeyId: 'alias/images',
      launchBlockDeviceMappings: [
        {
          deviceName: '/dev/sda1',
          volumeSize: 20,
          volumeType: 'gp3',
          iops: 3000,
          throughput: 125,
          encrypted: true,
          deleteOnTermination: true,
        },
      ],
      amiDescription: 'Base image of the web team, made of ${tears}',
      sshPort: 2222,
      sshTimeout: '20m',
      sshInterface: 'private_ip',
      sshHandshakeAttempts: 20,
      userData: '#!/bin/sh\necho "${HOME} {{ not a template }}"\n',
      metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 2 },
      imdsSupport: 'v2.0',
      disableStopInstance: true,
    },
  );

/** A snapshot of a Windows image with two PowerShell steps. */
export const windowsSnapshot = (): AwsSnapshot => {
  const linux = snapshot();
  return {
    ...linux,
    operatingSystem: {
      ...linux.operatingSystem,
      name: 'Windows Server 2022',
      family: 'windows',
      images: [{ type: 'aws-ami', amiId: 'ami-0123456789abcdef0' }],
    },
    steps: [
      step(1, powershell({ secretEnvironment: { LICENCE: secret('secretEnvironment/LICENCE') } }), {
        EDITION: 'core',
      }),
      step(2, powershell({ name: 'generalise', expectDisconnect: true, timeoutSeconds: 1800 })),
    ],
  };
};

export const run: RunIdentity = {
  deploymentId: 'dep-1',
  workspaceId: `ws_${ulid('W')}`,
  definitionId: `def_${ulid('D')}`,
  runId: `run_${ulid('RN')}`,
  imageName: 'Web-Base',
  number: 7,
};

export const compileInput = (fields: Partial<CompileInput> = {}): CompileInput => ({
  platform: aws,
  run,
  snapshot: snapshot(),
  baseImage: { id: 'ami-0abcdef0123456789' },
  generation: '1.6',
  ...fields,
});
