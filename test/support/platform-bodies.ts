/** A written example of every platform's connection and every builder type, as in the documentation of Packer's plugins. */
import { ulid } from './builders.ts';

export const serviceAccountKey = JSON.stringify(
  {
    type: 'service_account',
    project_id: 'images-prod',
    private_key_id: '0123456789abcdef',
    private_key: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n',
    client_email: 'builder@images-prod.iam.gserviceaccount.com',
    token_uri: 'https://oauth2.googleapis.com/token',
  },
  null,
  2,
);
export const certificate =
  '-----BEGIN CERTIFICATE-----\nMIIBhTCCASugAwIBAgIQIRi6zePL\nmKjOipn+dNuaTAoGCCqGSM49BAMC\n-----END CERTIFICATE-----\n';

const guid = '00000000-0000-4000-8000-000000000001';
const secret = { value: 'planted-secret' };
const hypervisor = (platform: string, auth: object, fields: object = {}) => ({
  name: `the ${platform}`,
  platform,
  settings: { server: `${platform}.example.com:8443`, insecure: false, caCertificatePem: certificate, auth },
  ...fields,
});
const password = { type: 'password', username: 'builder@pve', password: secret };

/** Every way to reach every platform. */
export const connectionBodies = {
  'aws role': {
    name: 'aws',
    platform: 'aws',
    settings: {
      region: 'eu-west-1',
      auth: { type: 'role', roleArn: 'arn:aws:iam::123456789012:role/builder' },
    },
    imageTags: { 'cost centre': '42' },
  },
  'aws access-key': {
    name: 'aws',
    platform: 'aws',
    settings: {
      region: 'us-gov-west-1',
      auth: { type: 'access-key', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: secret },
    },
  },
  'azure client-secret': {
    name: 'azure',
    platform: 'azure',
    settings: {
      subscriptionId: guid,
      auth: { type: 'client-secret', tenantId: guid, clientId: guid, clientSecret: secret },
    },
    imageTags: { 'cost:centre': '42' },
    temporaryResourceTags: { purpose: 'build' },
  },
  'azure workload-identity': {
    name: 'azure',
    platform: 'azure',
    settings: { subscriptionId: guid, auth: { type: 'workload-identity', tenantId: guid, clientId: guid } },
  },
  'gcp service-account-key': {
    name: 'gcp',
    platform: 'gcp',
    settings: {
      projectId: 'images-prod',
      auth: { type: 'service-account-key', credentialsJson: { value: serviceAccountKey } },
    },
    imageTags: { team: 'web', größe: 'klein' },
  },
  'gcp workload-identity': {
    name: 'gcp',
    platform: 'gcp',
    settings: {
      projectId: 'example.com:images-prod',
      auth: {
        type: 'workload-identity',
        provider: 'projects/123456789/locations/global/workloadIdentityPools/goldsmith/providers/aws-1',
        serviceAccountEmail: 'builder@images-prod.iam.gserviceaccount.com',
      },
    },
  },
  'vsphere password': hypervisor('vsphere', password, { imageTags: { Environment: 'Production' } }),
  'vsphere token': hypervisor('vsphere', { type: 'token', token: secret }),
  'proxmox password': hypervisor('proxmox', password, { imageTags: { team: 'web' } }),
  'proxmox token': hypervisor('proxmox', { type: 'token', username: 'root@pam!goldsmith', token: secret }),
  'nutanix password': hypervisor('nutanix', password, { imageTags: { OSType: 'ubuntu-24.04' } }),
  'nutanix token': hypervisor('nutanix', { type: 'token', token: secret }),
  hyperv: { name: 'hyperv', platform: 'hyperv', settings: {} },
  qemu: { name: 'qemu', platform: 'qemu', settings: {} },
};

const azure = { location: 'West Europe', vmSize: 'Standard_D2s_v5', osDiskSizeGb: 64 };
const login = { sshUsername: 'packer', sshPassword: secret, sshTimeout: '20m' };

/** Settings of every builder type, named as in Packer's documentation. */
export const builderSettings = {
  'amazon-ebs': {
    region: 'eu-west-1',
    instanceType: 't3.small',
    subnetId: 'subnet-0123456789abcdef0',
    encryptBoot: true,
    kmsKeyId: 'alias/images',
    amiRegions: ['eu-central-1'],
    regionKmsKeyIds: { 'eu-central-1': 'arn:aws:kms:eu-central-1:123456789012:key/mrk-0123456789abcdef' },
    amiUsers: ['210987654321'],
    launchBlockDeviceMappings: [
      { deviceName: '/dev/sda1', volumeSize: 20, volumeType: 'gp3', iops: 3000, throughput: 125 },
    ],
  },
  'azure-managed': {
    ...azure,
    managedImageResourceGroupName: 'images',
    managedImageStorageAccountType: 'Premium_LRS',
    virtualNetworkName: 'build-net',
    virtualNetworkSubnetName: 'build',
    virtualNetworkResourceGroupName: 'network',
  },
  'azure-gallery': {
    ...azure,
    sharedImageGalleryDestination: {
      resourceGroup: 'images',
      galleryName: 'golden.images',
      targetRegion: [{ name: 'westeurope', replicas: 2 }, { name: 'northeurope' }],
    },
    sharedImageGalleryTimeout: '90m',
    securityType: 'TrustedLaunch',
    secureBootEnabled: true,
    vtpmEnabled: true,
  },
  googlecompute: {
    zone: 'europe-west1-b',
    machineType: 'e2-standard-2',
    diskSize: 20,
    diskType: 'pd-balanced',
    imageFamily: 'web-base',
    subnetwork: 'projects/shared-net/regions/europe-west1/subnetworks/build',
    networkProjectId: 'shared-net',
    omitExternalIp: true,
    useInternalIp: true,
    useIap: true,
    tags: ['allow-iap'],
    metadata: { 'enable-oslogin': 'FALSE' },
    sshUsername: 'packer',
  },
  'vsphere-iso': {
    cluster: 'cluster-1',
    datastore: 'nfs',
    guestOsType: 'windows2022srvNext_64Guest',
    cpus: 2,
    ram: 4096,
    firmware: 'efi-secure',
    vtpm: true,
    diskControllerType: ['pvscsi'],
    storage: [{ diskSize: 61_440, diskThinProvisioned: true }],
    networkAdapters: [{ network: 'VM Network', networkCard: 'vmxnet3' }],
    isoPaths: ['[nfs] iso/vmtools.iso'],
    convertToTemplate: true,
    winrmUsername: 'Administrator',
    winrmPassword: secret,
  },
  'vsphere-clone': {
    host: 'folder/esxi-1.example.com',
    datastoreCluster: 'fast',
    linkedClone: true,
    network: 'VM Network',
    macAddress: '00:50:56:00:00:01',
    ...login,
  },
  'proxmox-iso': {
    node: 'pve1',
    cores: 2,
    memory: 2048,
    os: 'l26',
    bios: 'ovmf',
    efiConfig: { efiStoragePool: 'local-lvm', preEnrolledKeys: true },
    scsiController: 'virtio-scsi-single',
    networkAdapters: [{ model: 'virtio', bridge: 'vmbr0', vlanTag: '20', macAddress: 'repeatable' }],
    disks: [{ type: 'scsi', storagePool: 'local-lvm', diskSize: '20G', ioThread: true }],
    isoStoragePool: 'local',
    unmountIso: true,
    bootWait: '5s',
    ...login,
  },
  'proxmox-clone': {
    node: 'pve1',
    fullClone: false,
    networkAdapters: [{ bridge: 'vmbr0' }],
    ipconfig: [{ ip: '192.168.1.55/24', gateway: '192.168.1.1', ip6: 'auto' }],
    ...login,
  },
  'hyperv-iso': {
    generation: 2,
    cpus: 2,
    memory: 4096,
    diskSize: 40_960,
    switchName: 'Default Switch',
    enableSecureBoot: true,
    secureBootTemplate: 'MicrosoftUEFICertificateAuthority',
    enableVirtualizationExtensions: true,
    enableMacSpoofing: true,
    outputDirectory: 'D:\\images',
    shutdownCommand: 'shutdown /s /t 10 /f',
    ...login,
  },
  nutanix: {
    clusterName: 'PHX-POC',
    cpu: 2,
    memoryMb: 4096,
    bootType: 'uefi',
    vtpm: { enabled: true },
    vmDisks: [
      { imageType: 'DISK', diskSizeGb: 40 },
      { imageType: 'ISO_IMAGE', sourceImageName: 'virtio.iso' },
    ],
    vmNics: [{ subnetName: 'Primary', ipAddress: '10.0.1.50' }],
    imageCategories: [{ key: 'OSType', value: 'ubuntu-24.04' }],
    ...login,
  },
  qemu: {
    accelerator: 'tcg',
    machineType: 'q35',
    cpuModel: 'host',
    memory: 2048,
    cpus: 2,
    diskSize: '40G',
    format: 'qcow2',
    diskCompression: true,
    netDevice: 'virtio-net',
    efiBoot: true,
    outputDirectory: '/var/lib/images',
    ...login,
  },
} as const;
export type ExampleType = keyof typeof builderSettings;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of an object that is written in this file
const keysOf = <T extends object>(examples: T) => Object.keys(examples) as (keyof T)[];
export const exampleTypes = keysOf(builderSettings);

const platforms = {
  'amazon-ebs': 'aws',
  'azure-managed': 'azure',
  'azure-gallery': 'azure',
  googlecompute: 'gcp',
  'vsphere-iso': 'vsphere',
  'vsphere-clone': 'vsphere',
  'proxmox-iso': 'proxmox',
  'proxmox-clone': 'proxmox',
  'hyperv-iso': 'hyperv',
  nutanix: 'nutanix',
  qemu: 'qemu',
} as const satisfies Record<ExampleType, string>;

/** A builder configuration of a type, with other settings beside those of the example. */
export const builderOf = (builderType: ExampleType, settings: object = {}, fields: object = {}) => ({
  name: `a ${builderType}`,
  platform: platforms[builderType],
  builderType,
  connectionId: `con_${ulid('C')}`,
  settings: { ...builderSettings[builderType], ...settings },
  ...fields,
});

/** One base image of every type. */
export const imageBodies = {
  'aws-ami': { amiId: 'ami-0123456789abcdef0' },
  'aws-ami-filter': { owners: ['099720109477'], nameFilter: 'ubuntu/images/*-24.04-amd64-server-*' },
  'aws-ssm-parameter': {
    parameter: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
  },
  'azure-marketplace': {
    publisher: 'resf',
    offer: 'rockylinux-x86_64',
    sku: '9-base',
    version: 'latest',
    plan: { name: '9-base', product: 'rockylinux-x86_64', publisher: 'resf' },
  },
  'azure-gallery-image': {
    imageVersionId: `/subscriptions/${guid}/resourceGroups/images/providers/Microsoft.Compute/galleries/golden/images/base/versions/1.0.0`,
  },
  'gcp-family': { projectId: 'debian-cloud', family: 'debian-12' },
  'gcp-image': { projectId: 'debian-cloud', image: 'debian-12-bookworm-v20260101' },
  iso: {
    url: 'https://cdimage.debian.org/debian-12.iso',
    checksum: `sha256:${'0a'.repeat(32)}`,
    unattended: {
      bootCommand: ['<esc><wait>', 'auto url=http://{{ .HTTPIP }}:{{.HTTPPort}}/preseed.cfg<enter>'],
      resourceIds: [`res_${ulid('R')}`],
    },
  },
  disk: {
    url: 'https://cloud.debian.org/debian-12.qcow2',
    checksum: 'file:https://cloud.debian.org/SHA512SUMS',
  },
  template: { templateName: '/dc/vm/templates/debian-12' },
  'image-definition': { imageDefinitionId: `def_${ulid('D')}` },
};
export type ImageExample = keyof typeof imageBodies;
export const imageExamples = keysOf(imageBodies);

/** An operating system with these images. */
export const systemOf = (images: readonly object[], fields: object = {}) => ({
  name: 'a system',
  family: 'linux',
  distribution: 'debian',
  version: '12',
  architecture: 'x86_64',
  images,
  ...fields,
});

/** An image of a type, with other fields beside those of the example. */
export const imageOf = (type: ImageExample, fields: object = {}) => ({
  type,
  ...imageBodies[type],
  ...fields,
});

/** One provisioner of every type. */
export const provisionerBodies = {
  shell: {
    osFamily: 'linux',
    script: 'id\n',
    runAs: 'root',
    environment: { A: '1' },
    validExitCodes: [0, 3],
  },
  powershell: {
    osFamily: 'windows',
    script: 'Get-Host\r\n',
    elevatedUser: 'Administrator',
    elevatedPassword: secret,
    expectDisconnect: true,
  },
  'windows-shell': { osFamily: 'windows', script: 'ver', secretEnvironment: { KEY: secret } },
  file: {
    osFamily: 'linux',
    resourceId: `res_${ulid('R')}`,
    resourceVersion: 2,
    destination: '/tmp/app.tar.gz',
  },
  'windows-restart': {
    osFamily: 'windows',
    restartTimeoutSeconds: 900,
    restartCheckCommand: 'powershell -command "& {Write-Output restarted.}"',
    checkRegistry: true,
  },
  'windows-update': {
    osFamily: 'windows',
    searchCriteria: 'IsInstalled=0',
    filters: ["exclude:$_.Title -like '*Preview*'", 'include:$true'],
    updateLimit: 25,
  },
  'ansible-local': { osFamily: 'linux', script: '- hosts: all\n', extraArguments: ['--diff'], retries: 2 },
};
export type ProvisionerExample = keyof typeof provisionerBodies;
export const provisionerExamples = keysOf(provisionerBodies);

/** A provisioner of a type, with other fields beside those of the example. */
export const provisionerOf = (type: ProvisionerExample, fields: object = {}) => ({
  name: `a ${type}`,
  type,
  ...provisionerBodies[type],
  ...fields,
});
