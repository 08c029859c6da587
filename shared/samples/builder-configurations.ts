import type { sampleConnections } from './connections.ts';
import { example, type NewId, type Sample, type SampleInputs } from './sample.ts';

type Input = SampleInputs['builder-configuration'];
type Connections = ReturnType<typeof sampleConnections>;

const IMAGES = 'example-images';

const aws = (connectionId: string): Input => ({
  ...example(
    'AWS, AMI',
    "Builds in the default VPC of the connection's region. Name your subnet and instance type.",
  ),
  platform: 'aws',
  builderType: 'amazon-ebs',
  connectionId,
  network: 'public',
  // Two CPUs and 8 GiB: enough for Windows Server as well.
  settings: { instanceType: 't3.large' },
});

const azureManaged = (connectionId: string): Input => ({
  ...example(
    'Azure, managed image',
    'Replace the location and the resource group, which must exist, by yours.',
  ),
  platform: 'azure',
  builderType: 'azure-managed',
  connectionId,
  network: 'public',
  settings: {
    location: 'westeurope',
    vmSize: 'Standard_D2s_v5',
    managedImageResourceGroupName: IMAGES,
  },
});

const azureGallery = (connectionId: string): Input => ({
  ...example(
    'Azure, gallery image',
    'Replace location, resource group, gallery and regions by yours. The gallery must hold an image definition that is named as the Goldsmith image definition.',
  ),
  platform: 'azure',
  builderType: 'azure-gallery',
  connectionId,
  network: 'public',
  settings: {
    location: 'westeurope',
    vmSize: 'Standard_D2s_v5',
    sharedImageGalleryDestination: {
      resourceGroup: IMAGES,
      galleryName: 'example_gallery',
      replicationRegions: ['westeurope'],
    },
  },
});

const gcp = (connectionId: string): Input => ({
  ...example(
    'Google Cloud, image',
    'Builds in the network named default. Replace the zone and the network by yours.',
  ),
  platform: 'gcp',
  builderType: 'googlecompute',
  connectionId,
  network: 'public',
  // Windows Server images of Google have a disk of 50 GB.
  settings: { zone: 'europe-west1-b', machineType: 'e2-standard-2', diskSize: 50 },
});

const qemuLinux = (connectionId: string): Input => ({
  ...example(
    'QEMU, Linux',
    'Name your connector. The base disks are cloud images: upload user-data and meta-data of cloud-init as resources, name them under unattended in the operating system, and give the password that they set (sshPassword).',
  ),
  platform: 'qemu',
  builderType: 'qemu',
  connectionId,
  network: 'private',
  settings: { cpus: 2, memory: 2048, diskSize: '20G', format: 'qcow2' },
});

const qemuWindows = (connectionId: string): Input => ({
  ...example(
    'QEMU, Windows',
    'Name your connector. Upload an answer file (Autounattend.xml) that installs Windows and opens WinRM as a resource, name it under unattended in the operating system, and give the password that it sets (winrmPassword).',
  ),
  platform: 'qemu',
  builderType: 'qemu',
  connectionId,
  network: 'private',
  settings: {
    cpus: 4,
    memory: 8192,
    diskSize: '60G',
    format: 'qcow2',
    // Windows brings no driver for virtio.
    diskInterface: 'ide',
    netDevice: 'e1000e',
    winrmTimeout: '2h',
    shutdownCommand: 'shutdown /s /t 10 /f',
  },
});

/** Builder configurations of every builder type of the four platforms. */
export const sampleBuilderConfigurations = (newId: NewId, to: Connections): Sample[] => {
  const sample = (make: (connectionId: string) => Input, connection: Sample): Sample => ({
    kind: 'builder-configuration',
    id: newId('builder-configuration'),
    input: make(connection.id),
    references: [{ kind: 'connection', id: connection.id }],
  });
  return [
    sample(aws, to.aws),
    sample(azureManaged, to.azure),
    sample(azureGallery, to.azure),
    sample(gcp, to.gcp),
    sample(qemuLinux, to.qemu),
    sample(qemuWindows, to.qemu),
  ];
};
