import * as z from 'zod';
import { entityBase, entityInput, idOf } from '../common.ts';
import { amazonEbsInput, amazonEbsSettings } from '../platforms/aws.ts';
import {
  azureGalleryInput,
  azureGallerySettings,
  azureManagedInput,
  azureManagedSettings,
} from '../platforms/azure.ts';
import { googlecomputeInput, googlecomputeSettings } from '../platforms/gcp.ts';
import { hypervIsoInput, hypervIsoSettings } from '../platforms/hyperv.ts';
import { type PlatformId, platformKinds } from '../platforms/kinds.ts';
import { nutanixInput, nutanixSettings } from '../platforms/nutanix.ts';
import {
  proxmoxCloneInput,
  proxmoxCloneSettings,
  proxmoxIsoInput,
  proxmoxIsoSettings,
} from '../platforms/proxmox.ts';
import { qemuInput, qemuSettings } from '../platforms/qemu.ts';
import {
  vsphereCloneInput,
  vsphereCloneSettings,
  vsphereIsoInput,
  vsphereIsoSettings,
} from '../platforms/vsphere.ts';
import { readable } from '../readable.ts';
import { secretInput, secretOutput, secretStored } from '../secret.ts';
import { variants } from '../variants.ts';

const common = {
  connectionId: idOf('connection'),
  runnerPoolId: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'is no pool id')
    .optional()
    .meta({ description: 'Cloud pool of the deployment that builds. Default: its default pool.' }),
  connectorId: idOf('connector')
    .optional()
    .meta({ description: "Connector that builds. An image definition's own wins." }),
};
const network = z.enum(['public', 'private']).meta({
  description: 'public: the cloud runner reaches the build VM; private: only a connector does.',
});
const commonInput = { ...entityInput, ...common, network: network.default('public') };
const base = { ...entityBase('builder-configuration'), ...readable(common), network };

const of = <P extends PlatformId, B extends string, S extends z.ZodType>(
  platform: P,
  builderType: B,
  settings: S,
) => ({ platform: z.literal(platform), builderType: z.literal(builderType), settings });

/** Settings of each builder type as they are written. */
const writtenAs = {
  'amazon-ebs': amazonEbsInput,
  'azure-managed': azureManagedInput(secretInput),
  'azure-gallery': azureGalleryInput(secretInput),
  googlecompute: googlecomputeInput(secretInput),
  'vsphere-iso': vsphereIsoInput(secretInput),
  'vsphere-clone': vsphereCloneInput(secretInput),
  'proxmox-iso': proxmoxIsoInput(secretInput),
  'proxmox-clone': proxmoxCloneInput(secretInput),
  'hyperv-iso': hypervIsoInput(secretInput),
  nutanix: nutanixInput(secretInput),
  qemu: qemuInput(secretInput),
};

/** What is wrong beside a missing or unknown builder type. */
const always = {
  ...commonInput,
  platform: z.enum(Object.keys(platformKinds)),
  settings: z.looseObject({}),
};

/** Where and with what VM an image is built. */
export const builderConfigurationInput = variants('builderType', always, [
  z.strictObject({ ...commonInput, ...of('aws', 'amazon-ebs', writtenAs['amazon-ebs']) }),
  z.strictObject({ ...commonInput, ...of('azure', 'azure-managed', writtenAs['azure-managed']) }),
  z.strictObject({ ...commonInput, ...of('azure', 'azure-gallery', writtenAs['azure-gallery']) }),
  z.strictObject({ ...commonInput, ...of('gcp', 'googlecompute', writtenAs.googlecompute) }),
  z.strictObject({ ...commonInput, ...of('vsphere', 'vsphere-iso', writtenAs['vsphere-iso']) }),
  z.strictObject({ ...commonInput, ...of('vsphere', 'vsphere-clone', writtenAs['vsphere-clone']) }),
  z.strictObject({ ...commonInput, ...of('proxmox', 'proxmox-iso', writtenAs['proxmox-iso']) }),
  z.strictObject({ ...commonInput, ...of('proxmox', 'proxmox-clone', writtenAs['proxmox-clone']) }),
  z.strictObject({ ...commonInput, ...of('hyperv', 'hyperv-iso', writtenAs['hyperv-iso']) }),
  z.strictObject({ ...commonInput, ...of('nutanix', 'nutanix', writtenAs.nutanix) }),
  z.strictObject({ ...commonInput, ...of('qemu', 'qemu', writtenAs.qemu) }),
]).meta({
  id: 'BuilderConfigurationInput',
  description:
    'What `platform` says never changes: for another platform make another builder configuration. `builderType` may change to another one of the platform.',
});

/** Every builder type with its settings; `secret` is the form a secret has in them. */
const builderOf = <S extends z.ZodType>(secret: S) =>
  z.discriminatedUnion('builderType', [
    z.object({ ...base, ...readable(of('aws', 'amazon-ebs', amazonEbsSettings)) }),
    z.object({ ...base, ...readable(of('azure', 'azure-managed', azureManagedSettings(secret))) }),
    z.object({ ...base, ...readable(of('azure', 'azure-gallery', azureGallerySettings(secret))) }),
    z.object({ ...base, ...readable(of('gcp', 'googlecompute', googlecomputeSettings(secret))) }),
    z.object({ ...base, ...readable(of('vsphere', 'vsphere-iso', vsphereIsoSettings(secret))) }),
    z.object({ ...base, ...readable(of('vsphere', 'vsphere-clone', vsphereCloneSettings(secret))) }),
    z.object({ ...base, ...readable(of('proxmox', 'proxmox-iso', proxmoxIsoSettings(secret))) }),
    z.object({ ...base, ...readable(of('proxmox', 'proxmox-clone', proxmoxCloneSettings(secret))) }),
    z.object({ ...base, ...readable(of('hyperv', 'hyperv-iso', hypervIsoSettings(secret))) }),
    z.object({ ...base, ...readable(of('nutanix', 'nutanix', nutanixSettings(secret))) }),
    z.object({ ...base, ...readable(of('qemu', 'qemu', qemuSettings(secret))) }),
  ]);

export const builderConfigurationSchema = builderOf(secretOutput).meta({ id: 'BuilderConfiguration' });
export const builderConfigurationStored = builderOf(secretStored);
export type BuilderConfiguration = z.infer<typeof builderConfigurationStored>;
