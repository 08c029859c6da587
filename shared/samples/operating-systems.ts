import { example, type NewId, type Sample, type SampleInputs } from './sample.ts';

type Input = SampleInputs['operating-system'];

/**
 * Owners, offers, families and addresses as their publishers name them; each was also found in use in several public
 * projects in November 2026. What could not be confirmed so is left out.
 */

/** How Packer logs in; `port` only where it is not the usual one. */
const ssh = (username: string) => ({ communicator: 'ssh' as const, username });
/** WinRM over TLS. */
const winrm = (username: string) => ({ communicator: 'winrm' as const, username, port: 5986 });
/** Azure and Google Cloud make the user that they are told; Azure refuses `administrator`. */
const MADE = 'packer';

const linux = { family: 'linux', architecture: 'x86_64', supportState: 'supported' } as const;
const windows = {
  family: 'windows',
  distribution: 'windows-server',
  architecture: 'x86_64',
  supportState: 'supported',
} as const;

const cloudDisk =
  'The disk for QEMU is a cloud image: it lets nobody in without user-data of cloud-init (unattended).';

const ubuntu = (): Input => ({
  ...example('Ubuntu 24.04 LTS', `The newest image of Canonical on each platform. ${cloudDisk}`),
  ...linux,
  distribution: 'ubuntu',
  version: '24.04',
  images: [
    {
      type: 'aws-ami-filter',
      // Canonical's account and naming: https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
      owners: ['099720109477'],
      nameFilter: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*',
      access: ssh('ubuntu'),
    },
    {
      type: 'azure-marketplace',
      // https://documentation.ubuntu.com/azure/azure-how-to/instances/find-ubuntu-images/ (`server` is generation 2)
      publisher: 'Canonical',
      offer: 'ubuntu-24_04-lts',
      sku: 'server',
      version: 'latest',
      access: ssh(MADE),
    },
    {
      type: 'gcp-family',
      // https://cloud.google.com/compute/docs/images/os-details
      projectId: 'ubuntu-os-cloud',
      family: 'ubuntu-2404-lts-amd64',
      access: ssh(MADE),
    },
    {
      type: 'disk',
      // https://cloud-images.ubuntu.com/noble/current/
      url: 'https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img',
      checksum: 'file:https://cloud-images.ubuntu.com/noble/current/SHA256SUMS',
      access: ssh('ubuntu'),
    },
  ],
});

const debian = (): Input => ({
  ...example('Debian 13', `The newest image of the Debian cloud team on each platform. ${cloudDisk}`),
  ...linux,
  distribution: 'debian',
  version: '13',
  images: [
    {
      type: 'aws-ami-filter',
      // Account, naming and user: https://wiki.debian.org/Cloud/AmazonEC2Image/Trixie
      owners: ['136693071363'],
      nameFilter: 'debian-13-amd64-*',
      access: ssh('admin'),
    },
    {
      type: 'azure-marketplace',
      // https://wiki.debian.org/Cloud/MicrosoftAzure
      publisher: 'Debian',
      offer: 'debian-13',
      sku: '13-gen2',
      version: 'latest',
      access: ssh(MADE),
    },
    {
      type: 'gcp-family',
      // https://cloud.google.com/compute/docs/images/os-details
      projectId: 'debian-cloud',
      family: 'debian-13',
      access: ssh(MADE),
    },
    {
      type: 'disk',
      // https://cloud.debian.org/images/cloud/ (`generic`, for any hypervisor)
      url: 'https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2',
      checksum: 'file:https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS',
      access: ssh('debian'),
    },
  ],
});

const amazonLinux = (): Input => ({
  ...example(
    'Amazon Linux 2023',
    `The newest image on AWS; it is neither on Azure nor on Google Cloud. For QEMU a fixed version, since Amazon has no link to the newest. ${cloudDisk}`,
  ),
  ...linux,
  distribution: 'amazon-linux',
  version: '2023',
  images: [
    {
      type: 'aws-ami-filter',
      // https://docs.aws.amazon.com/linux/al2023/ug/naming-and-versioning.html; the full stop leaves out minimal and ECS.
      owners: ['amazon'],
      nameFilter: 'al2023-ami-2023.*-kernel-6.1-x86_64',
      access: ssh('ec2-user'),
    },
    {
      type: 'disk',
      // https://docs.aws.amazon.com/linux/al2023/ug/outside-ec2-download.html
      url: 'https://cdn.amazonlinux.com/al2023/os-images/2023.7.20250623.1/kvm/al2023-kvm-2023.7.20250623.1-kernel-6.1-x86_64.xfs.gpt.qcow2',
      checksum: 'file:https://cdn.amazonlinux.com/al2023/os-images/2023.7.20250623.1/kvm/SHA256SUMS',
      access: ssh('ec2-user'),
    },
  ],
});

const rocky = (): Input => ({
  ...example(
    'Rocky Linux 9',
    `The newest image of the Rocky Enterprise Software Foundation on each platform. On Azure the terms of its plan must be accepted once in the subscription. ${cloudDisk}`,
  ),
  ...linux,
  distribution: 'rocky',
  version: '9',
  images: [
    {
      type: 'aws-ami-filter',
      // Account and naming: https://rockylinux.org/cloud-images
      owners: ['792107900819'],
      nameFilter: 'Rocky-9-EC2-Base-9.*.x86_64',
      access: ssh('rocky'),
    },
    {
      type: 'azure-marketplace',
      // https://azuremarketplace.microsoft.com/marketplace/apps/resf.rockylinux-x86_64
      publisher: 'resf',
      offer: 'rockylinux-x86_64',
      sku: '9-base',
      version: 'latest',
      plan: { name: '9-base', product: 'rockylinux-x86_64', publisher: 'resf' },
      access: ssh(MADE),
    },
    {
      type: 'gcp-family',
      // https://cloud.google.com/compute/docs/images/os-details
      projectId: 'rocky-linux-cloud',
      family: 'rocky-linux-9',
      access: ssh(MADE),
    },
    {
      type: 'disk',
      // https://dl.rockylinux.org/pub/rocky/9/images/x86_64/
      url: 'https://dl.rockylinux.org/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud-Base.latest.x86_64.qcow2',
      checksum: 'file:https://dl.rockylinux.org/pub/rocky/9/images/x86_64/CHECKSUM',
      access: ssh('rocky'),
    },
  ],
});

/** Where Microsoft keeps the evaluation editions; the pages of the evaluation centre lead there. */
const EVALUATION = 'https://software-static.download.prss.microsoft.com';

type Edition = { version: '2022' | '2025'; isoPath: string; sha256: string };

const windowsServer = ({ version, isoPath, sha256 }: Edition): Input => ({
  ...example(
    `Windows Server ${version}`,
    'The newest image of the provider on each cloud. For QEMU the evaluation edition of Microsoft (180 days): accept its terms, and name an answer file under unattended.',
  ),
  ...windows,
  version,
  images: [
    {
      type: 'aws-ami-filter',
      // https://docs.aws.amazon.com/ec2/latest/windows-ami-reference/windows-amis.html
      owners: ['amazon'],
      nameFilter: `Windows_Server-${version}-English-Full-Base-*`,
      access: winrm('Administrator'),
    },
    {
      type: 'azure-marketplace',
      // https://azuremarketplace.microsoft.com/marketplace/apps/microsoftwindowsserver.windowsserver (`g2`: generation 2)
      publisher: 'MicrosoftWindowsServer',
      offer: 'WindowsServer',
      sku: `${version}-datacenter-g2`,
      version: 'latest',
      access: winrm(MADE),
    },
    {
      type: 'gcp-family',
      // https://cloud.google.com/compute/docs/images/os-details
      projectId: 'windows-cloud',
      family: `windows-${version}`,
      access: winrm(MADE),
    },
    {
      type: 'iso',
      // https://www.microsoft.com/evalcenter/download-windows-server-2022 and …-2025
      url: `${EVALUATION}/${isoPath}`,
      checksum: `sha256:${sha256}`,
      access: winrm('Administrator'),
    },
  ],
});

const editions: Edition[] = [
  {
    version: '2022',
    isoPath: 'sg/download/888969d5-f34g-4e03-ac9d-1f9786c66749/SERVER_EVAL_x64FRE_en-us.iso',
    sha256: '3e4fa6d8507b554856fc9ca6079cc402df11a8b79344871669f0251535255325',
  },
  {
    version: '2025',
    isoPath:
      'dbazure/888969d5-f34g-4e03-ac9d-1f9786c66749/26100.1742.240906-0331.ge_release_svc_refresh_SERVER_EVAL_x64FRE_en-us.iso',
    sha256: 'd0ef4502e350e3c6c53c15b1b3020d38a5ded011bf04998e950720ac8579b23d',
  },
];

/** Operating systems with an image for every platform that has one. */
export const sampleOperatingSystems = (newId: NewId): Sample[] =>
  [ubuntu(), debian(), amazonLinux(), rocky(), ...editions.map(windowsServer)].map((input) => ({
    kind: 'operating-system',
    id: newId('operating-system'),
    input,
    references: [],
  }));
