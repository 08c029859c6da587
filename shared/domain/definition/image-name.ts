import type { BuilderType } from '../../contracts/platforms/kinds.ts';

/** How a builder type names the image of version `number`, and what such a name may look like. */
type Naming = {
  imageName: (name: string, number: number) => string;
  form: RegExp;
  /** Completes "its images would be called X, but …". */
  rule: string;
};

const withSuffix = (name: string, number: number): string => `${name}-v${number}`;

/** EC2 API, CreateImage: 3 to 128 of these characters. */
const ami: Naming = {
  imageName: withSuffix,
  form: /^[A-Za-z0-9 ()[\]./\-'@_]{3,128}$/,
  rule: 'the name of an AMI has 3 to 128 characters',
};
/** Azure's naming rules for Microsoft.Compute/images. */
const managed: Naming = {
  imageName: withSuffix,
  form: /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/,
  rule: 'the name of a managed image has 1 to 80 letters, digits and _ . -',
};
/** A gallery image definition is named as ours; versions are numbers. Azure's rules for galleries/images. */
const gallery: Naming = {
  imageName: (name) => name,
  form: /^[A-Za-z0-9]([\w.-]{0,78}[A-Za-z0-9])?$/,
  rule: 'the name of a gallery image begins and ends with a letter or digit and has at most 80 characters',
};
/** RFC 1035, as Compute Engine wants it. */
const slug: Naming = {
  imageName: (name, number) => withSuffix(name, number).toLowerCase(),
  form: /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  rule: 'the name of a Google Cloud image has at most 63 lower-case letters, digits and hyphens',
};
/** vCenter's limit of an inventory name. */
const vsphere: Naming = {
  imageName: withSuffix,
  form: /^[^%/\\]{1,80}$/,
  rule: 'the name of a vSphere template has at most 80 characters',
};
/** Proxmox wants names of machines to be DNS names; a label has 63 characters. */
const dnsName: Naming = {
  imageName: withSuffix,
  form: /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/,
  rule: 'the name of a Proxmox template is a DNS label of at most 63 characters',
};
/** Hyper-V's limit of a machine's name; it names folders too. */
const hyperv: Naming = {
  imageName: withSuffix,
  form: /^[^\\/:*?"<>|]{1,100}$/,
  rule: 'the name of a Hyper-V machine has at most 100 characters',
};
const fileName: Naming = {
  imageName: withSuffix,
  form: /^[^/\\\0]{1,200}$/,
  rule: 'the name of the image has at most 200 characters',
};

const namings: Record<BuilderType, Naming> = {
  'amazon-ebs': ami,
  'azure-managed': managed,
  'azure-gallery': gallery,
  googlecompute: slug,
  'vsphere-iso': vsphere,
  'vsphere-clone': vsphere,
  'proxmox-iso': dnsName,
  'proxmox-clone': dnsName,
  'hyperv-iso': hyperv,
  nutanix: fileName,
  qemu: fileName,
};

/** Name of the image that version `number` of a definition gets; a gallery image has its number in `galleryVersion`. */
export const imageNameOf = (builderType: BuilderType, name: string, number: number): string =>
  namings[builderType].imageName(name, number);

/** Version of a gallery image: `N.0.0`; each part of it may be as large as 2,147,483,647. */
export const galleryVersion = (number: number): string => `${number}.0.0`;

/** The largest number that a run can get: `firstNumber` ends at 1,000,000,000, and every run adds one. */
const LARGEST_NUMBER = 2_147_483_647;

/**
 * Why a definition's name cannot name images of this builder type, with any number that a run can ever get; undefined
 * when it can.
 */
export const nameMisfit = (builderType: BuilderType, name: string): string | undefined => {
  const { imageName, form, rule } = namings[builderType];
  const unfit = [1, LARGEST_NUMBER].map((number) => imageName(name, number)).find((one) => !form.test(one));
  return unfit === undefined ? undefined : `an image would be called ${unfit}, but ${rule}`;
};
