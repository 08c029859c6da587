import * as z from 'zod';
import { templateSafeText } from '../common.ts';
import {
  blame,
  bootFields,
  flag,
  loginFields,
  macAddress,
  namedByRun,
  oneOf,
  type SettingsRule,
  span,
  text,
  uuid,
  whole,
  written,
} from './fields.ts';
import { serverConnectionSettings } from './on-premises.ts';

/** Settings of a Nutanix connection (Prism Central). */
export const nutanixConnectionSettings = <S extends z.ZodType>(secret: S) =>
  serverConnectionSettings(secret, {
    token: secret.describe('API key of a service account of Prism Central.'),
  });

const source = {
  sourceImageName: text(255, 'Image of the image library, by name.'),
  sourceImageUuid: uuid.optional().describe('Image of the image library, by UUID.'),
};
const bootDisk = whole(
  1,
  65_536,
  "Size of the disk made from the operating system's image, GB. Default: that of the image.",
);

const furtherDisk = z.discriminatedUnion('imageType', [
  z.strictObject({
    imageType: z.literal('DISK').describe('An empty disk.'),
    diskSizeGb: z.int().min(1).max(65_536).describe('Size, GB.'),
    storageContainerUuid: uuid.optional().describe("Storage container. Default: the cluster's."),
  }),
  z.strictObject({
    imageType: z.literal('DISK_IMAGE').describe('A disk made from an image of the library.'),
    ...source,
    diskSizeGb: whole(1, 65_536, 'Size, GB. Default: that of the image.'),
  }),
  z.strictObject({
    imageType: z.literal('ISO_IMAGE').describe('An ISO of the library, for example drivers.'),
    ...source,
  }),
]);

const nic = z.strictObject({
  subnetName: text(255, 'Subnet of the cluster, by name.'),
  subnetUuid: uuid.optional().describe('Subnet of the cluster, by UUID.'),
  macAddress: macAddress.optional().describe('MAC address. Default: any.'),
  ipAddress: z.ipv4().optional().describe('Fixed IPv4 address. Default: assigned.'),
  skipIpAssignment: flag('Assign no address. Default: false.'),
});

const category = z.strictObject({
  key: templateSafeText(64).min(1).describe('Name of the category.'),
  value: templateSafeText(64).min(1).describe('Its value.'),
});

const fields = {
  clusterName: text(255, 'Cluster that builds, by name. Either this or clusterUuid.'),
  clusterUuid: uuid.optional().describe('Cluster that builds, by UUID.'),
  cpu: whole(1, 240, 'Virtual CPUs. Default: 1.'),
  core: whole(1, 240, 'Cores of each CPU. Default: 1.'),
  memoryMb: whole(256, 4_194_304, 'Memory, MB. Default: 4096.'),
  hardwareVirtualization: flag('Nested virtualisation. Default: false.'),
  bootType: oneOf(['legacy', 'uefi', 'secure_boot'], 'Firmware. Default: legacy.'),
  bootPriority: oneOf(['cdrom', 'disk'], 'What is booted first. Default: cdrom.'),
  vtpm: z
    .strictObject({ enabled: z.boolean().describe('Whether there is one.') })
    .optional()
    .describe('Virtual TPM; needs bootType uefi or secure_boot. Default: none.'),
  serialport: flag('A serial port; some cloud images need one. Default: false.'),
  project: text(255, 'Project of the machine. Default: none.'),
  gpu: z
    .array(z.strictObject({ name: templateSafeText(255).min(1).describe('Name of the GPU.') }))
    .max(16)
    .optional()
    .describe('GPUs of the machine. Default: none.'),
  vmNics: z.array(nic).min(1).max(10).describe('Network cards.'),
  diskSizeGb: bootDisk,
  vmDisks: z
    .array(furtherDisk)
    .max(30)
    .optional()
    .describe(
      "Further disks; the first comes from the operating system's image. For an ISO name the DISK to install on.",
    ),
  vmCategories: z.array(category).max(30).optional().describe('Categories of the machine. Default: none.'),
  imageDescription: text(1000, 'Description of the image. Default: none.'),
  imageCategories: z
    .array(category)
    .max(30)
    .optional()
    .describe("Categories of the image, beside the connection's. Default: none."),
  vmClean: z
    .strictObject({ cdrom: z.boolean().describe('Take CD-ROM drives out.') })
    .optional()
    .describe('What is taken out before the image is made. Default: nothing.'),
  userData: z
    .string()
    .max(32_768)
    .regex(/^[A-Za-z0-9+/=\s]*$/, 'is no Base64 text')
    .optional()
    .describe('Cloud-init data for Linux, Base64. Default: none.'),
  ipWaitTimeout: span('How long to wait for an address. Default: 30m.'),
  disableStopInstance: flag(
    'The last step stops the machine by itself. Default: whether it may end the connection and there is no shutdownCommand.',
  ),
  ...bootFields,
};

/** Arguments of Packer's `nutanix` builder. */
export const nutanixSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...fields, ...loginFields(secret) });

type Settings = Pick<
  z.infer<ReturnType<typeof nutanixSettings<z.ZodUnknown>>>,
  'clusterName' | 'clusterUuid' | 'vtpm' | 'bootType' | 'vmNics' | 'vmDisks'
>;

const exactlyOne = (a: unknown, b: unknown): boolean => (a === undefined) !== (b === undefined);

const settingsRule: SettingsRule<Settings> = (settings, issues) => {
  if (!exactlyOne(settings.clusterName, settings.clusterUuid))
    blame(issues, 'clusterName', 'give either clusterName or clusterUuid');
  if (settings.vtpm?.enabled === true && (settings.bootType ?? 'legacy') === 'legacy')
    blame(issues, 'bootType', 'must be uefi or secure_boot for a virtual TPM');
  for (const [at, one] of settings.vmNics.entries()) {
    if (!exactlyOne(one.subnetName, one.subnetUuid))
      blame(issues, ['vmNics', at, 'subnetName'], 'give either subnetName or subnetUuid');
    if (one.ipAddress !== undefined && one.skipIpAssignment === true)
      blame(issues, ['vmNics', at, 'ipAddress'], 'is not possible together with skipIpAssignment');
  }
  for (const [at, one] of (settings.vmDisks ?? []).entries())
    if (one.imageType !== 'DISK' && !exactlyOne(one.sourceImageName, one.sourceImageUuid))
      blame(issues, ['vmDisks', at, 'sourceImageName'], 'give either sourceImageName or sourceImageUuid');
};

const connected = Object.fromEntries(
  ['nutanixEndpoint', 'nutanixUsername', 'nutanixPassword', 'nutanixPort', 'nutanixInsecure'].map((field) => [
    field,
    'is in the connection',
  ]),
);

/** Arguments of `nutanix` as they are written. */
export const nutanixInput = <S extends z.ZodType>(secret: S) =>
  written(nutanixSettings(secret), {
    rule: settingsRule,
    notOurs: {
      ...namedByRun('vmName', 'imageName'),
      ...connected,
      osType: "is the operating system's family",
    },
  });
