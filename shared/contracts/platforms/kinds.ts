/** What each platform and builder type is, as plain data: validation, the rules and the catalogue all read it. */

type PlatformKind = {
  title: string;
  /** Where its builds run: `cloud` in this deployment (a connector may take over), `connector` only at the customer's site. */
  runsOn: 'cloud' | 'connector';
};

/** Every platform by its id. */
export const platformKinds = {
  aws: { title: 'Amazon Web Services', runsOn: 'cloud' },
  azure: { title: 'Microsoft Azure', runsOn: 'cloud' },
  gcp: { title: 'Google Cloud', runsOn: 'cloud' },
  vsphere: { title: 'VMware vSphere', runsOn: 'connector' },
  proxmox: { title: 'Proxmox VE', runsOn: 'connector' },
  hyperv: { title: 'Microsoft Hyper-V', runsOn: 'connector' },
  nutanix: { title: 'Nutanix AHV', runsOn: 'connector' },
  qemu: { title: 'QEMU', runsOn: 'connector' },
} as const satisfies Record<string, PlatformKind>;
export type PlatformId = keyof typeof platformKinds;

/** Every way of saying where a base image is. */
export const imageTypes = [
  'aws-ami',
  'aws-ami-filter',
  'aws-ssm-parameter',
  'azure-marketplace',
  'azure-gallery-image',
  'gcp-family',
  'gcp-image',
  'iso',
  'disk',
  'template',
  'image-definition',
] as const;
export type ImageType = (typeof imageTypes)[number];

type BuilderKind = { platform: PlatformId; title: string; imageTypes: readonly ImageType[] };

const amis = ['aws-ami', 'aws-ami-filter', 'aws-ssm-parameter', 'image-definition'] as const;
const azureImages = ['azure-marketplace', 'azure-gallery-image', 'image-definition'] as const;

/**
 * Every builder type, its platform and the base images that Packer's builder of that type can start from. Hyper-V and
 * QEMU boot a disk given in place of an ISO; Nutanix takes a disk, or an image of its own library by name.
 */
export const builderKinds = {
  'amazon-ebs': { platform: 'aws', title: 'AMI', imageTypes: amis },
  'azure-managed': { platform: 'azure', title: 'Managed image, in one region', imageTypes: azureImages },
  'azure-gallery': {
    platform: 'azure',
    title: 'Version of a gallery image, in several regions',
    imageTypes: azureImages,
  },
  googlecompute: {
    platform: 'gcp',
    title: 'Compute Engine image',
    imageTypes: ['gcp-family', 'gcp-image', 'image-definition'],
  },
  'vsphere-iso': { platform: 'vsphere', title: 'Installed from an ISO', imageTypes: ['iso'] },
  'vsphere-clone': {
    platform: 'vsphere',
    title: 'Cloned from a template',
    imageTypes: ['template', 'image-definition'],
  },
  'proxmox-iso': { platform: 'proxmox', title: 'Installed from an ISO', imageTypes: ['iso'] },
  'proxmox-clone': {
    platform: 'proxmox',
    title: 'Cloned from a template',
    imageTypes: ['template', 'image-definition'],
  },
  'hyperv-iso': {
    platform: 'hyperv',
    title: 'Installed from an ISO or begun with a disk',
    imageTypes: ['iso', 'disk', 'image-definition'],
  },
  nutanix: {
    platform: 'nutanix',
    title: 'Image of the image library',
    imageTypes: ['iso', 'disk', 'template', 'image-definition'],
  },
  qemu: {
    platform: 'qemu',
    title: 'Disk image',
    imageTypes: ['iso', 'disk', 'image-definition'],
  },
} as const satisfies Record<string, BuilderKind>;
export type BuilderType = keyof typeof builderKinds;
