import * as z from 'zod';
import { entityBase, entityInput } from '../common.ts';
import { awsConnectionSettings, awsTags } from '../platforms/aws.ts';
import { azureConnectionSettings, azureTags } from '../platforms/azure.ts';
import { gcpConnectionSettings, gcpLabels, isServiceAccountKey } from '../platforms/gcp.ts';
import { nutanixConnectionSettings } from '../platforms/nutanix.ts';
import { nutanixCategories, ownMachineSettings, proxmoxTags, vsphereTags } from '../platforms/on-premises.ts';
import { proxmoxConnectionSettings } from '../platforms/proxmox.ts';
import { vsphereConnectionSettings } from '../platforms/vsphere.ts';
import { readable } from '../readable.ts';
import { secretInput, secretOutput, secretStored } from '../secret.ts';
import { variants } from '../variants.ts';

const tagged = <T extends z.ZodType>(imageTags: T) => ({
  imageTags: imageTags.optional().describe('Tags of every image made through this connection.'),
  temporaryResourceTags: imageTags.optional().describe('Tags of everything that a build makes for a while.'),
});

/** `secret` is the form a secret has, `serviceAccountKey` that of the key file of a service account. */
const fieldsOf = <S extends z.ZodType>(secret: S, serviceAccountKey: S = secret) => ({
  aws: { platform: z.literal('aws'), settings: awsConnectionSettings(secret), ...tagged(awsTags) },
  azure: { platform: z.literal('azure'), settings: azureConnectionSettings(secret), ...tagged(azureTags) },
  gcp: {
    platform: z.literal('gcp'),
    settings: gcpConnectionSettings(serviceAccountKey),
    ...tagged(gcpLabels),
  },
  vsphere: {
    platform: z.literal('vsphere'),
    settings: vsphereConnectionSettings(secret),
    ...tagged(vsphereTags),
  },
  proxmox: {
    platform: z.literal('proxmox'),
    settings: proxmoxConnectionSettings(secret),
    ...tagged(proxmoxTags),
  },
  nutanix: {
    platform: z.literal('nutanix'),
    settings: nutanixConnectionSettings(secret),
    ...tagged(nutanixCategories),
  },
  hyperv: { platform: z.literal('hyperv'), settings: ownMachineSettings },
  qemu: { platform: z.literal('qemu'), settings: ownMachineSettings },
});

const keyFile = secretInput.refine(({ value }) => value === undefined || isServiceAccountKey(value), {
  path: ['value'],
  error: 'is no key file of a service account (JSON with type, project_id, private_key, client_email)',
});
const input = fieldsOf(secretInput, keyFile);
const output = fieldsOf(secretOutput);
const stored = fieldsOf(secretStored);
const base = entityBase('connection');
const made = { externalId: z.string().optional() };

/** How to reach a cloud account or a hypervisor; the external id of an AWS role is made by the server and only read. */
export const connectionInput = variants('platform', { ...entityInput, settings: z.looseObject({}) }, [
  z.strictObject({ ...entityInput, ...input.aws }),
  z.strictObject({ ...entityInput, ...input.azure }),
  z.strictObject({ ...entityInput, ...input.gcp }),
  z.strictObject({ ...entityInput, ...input.vsphere }),
  z.strictObject({ ...entityInput, ...input.proxmox }),
  z.strictObject({ ...entityInput, ...input.nutanix }),
  z.strictObject({ ...entityInput, ...input.hyperv }),
  z.strictObject({ ...entityInput, ...input.qemu }),
]).meta({
  id: 'ConnectionInput',
  description: 'What `platform` says never changes: for another platform make another connection.',
});

export const connectionSchema = z
  .discriminatedUnion('platform', [
    z.object({ ...base, ...readable(output.aws), ...made }),
    z.object({ ...base, ...readable(output.azure) }),
    z.object({ ...base, ...readable(output.gcp) }),
    z.object({ ...base, ...readable(output.vsphere) }),
    z.object({ ...base, ...readable(output.proxmox) }),
    z.object({ ...base, ...readable(output.nutanix) }),
    z.object({ ...base, ...readable(output.hyperv) }),
    z.object({ ...base, ...readable(output.qemu) }),
  ])
  .meta({ id: 'Connection' });

export const connectionStored = z.discriminatedUnion('platform', [
  z.object({ ...base, ...readable(stored.aws), ...made }),
  z.object({ ...base, ...readable(stored.azure) }),
  z.object({ ...base, ...readable(stored.gcp) }),
  z.object({ ...base, ...readable(stored.vsphere) }),
  z.object({ ...base, ...readable(stored.proxmox) }),
  z.object({ ...base, ...readable(stored.nutanix) }),
  z.object({ ...base, ...readable(stored.hyperv) }),
  z.object({ ...base, ...readable(stored.qemu) }),
]);
export type ConnectionInput = z.infer<typeof connectionInput>;
export type ConnectionStored = z.infer<typeof connectionStored>;
