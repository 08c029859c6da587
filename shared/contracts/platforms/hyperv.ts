import * as z from 'zod';
import {
  absoluteFolder,
  blame,
  bootFields,
  flag,
  loginFields,
  namedByRun,
  oneOf,
  type SettingsRule,
  shaped,
  text,
  whole,
  written,
} from './fields.ts';

const vlanId = shaped(
  /^([1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-4])$/,
  'is no VLAN id, as text from 1 to 4094',
);

const isoPath = shaped(
  /^[A-Za-z]:([\\/][A-Za-z0-9 _()-][A-Za-z0-9 _.()-]{0,80}){1,10}\.iso$/i,
  'is no absolute path of an ISO such as D:\\iso\\drivers.iso',
);

const fields = {
  generation: whole(1, 2, 'Generation of the machine. Default: 1.'),
  cpus: whole(1, 240, 'Virtual CPUs. Default: 1.'),
  memory: whole(32, 32_768, 'Memory, MB. Default: 1024.'),
  enableDynamicMemory: flag('Dynamic memory. Default: false.'),
  diskSize: whole(256, 67_108_864, 'Size of the system disk, MB. Default: 40960.'),
  diskBlockSize: whole(1, 256, 'Block size of the disk, MiB; 1 suits Linux. Default: 32.'),
  diskAdditionalSize: z
    .array(z.int().min(256).max(67_108_864))
    .max(64)
    .optional()
    .describe('Sizes of further disks, MB each. Default: none.'),
  differencingDisk: flag('Write changes to a differencing disk, where the base is a disk. Default: false.'),
  useFixedVhdFormat: flag('Fixed VHD; needs generation 1 and skipCompaction. Default: false.'),
  skipCompaction: flag('Do not compact the disk. Default: false.'),
  skipExport: flag('Do not export the machine, keep the disks only. Default: false.'),
  keepRegistered: flag('Keep the machine in Hyper-V after the build; Packer 1.6 cannot. Default: false.'),
  switchName: text(255, 'Virtual switch. Default: an external one that is up.'),
  switchVlanId: vlanId.optional().describe("VLAN of the switch's card, as text. Default: none."),
  vlanId: vlanId.optional().describe("VLAN of the machine's card, as text. Default: none."),
  macAddress: shaped(/^[0-9a-fA-F]{12}$/, 'is no MAC address without delimiters such as 00155d000001')
    .optional()
    .describe('MAC address without delimiters. Default: any.'),
  useLegacyNetworkAdapter: flag('Emulated network card, generation 1 only. Default: false.'),
  enableMacSpoofing: flag('MAC address spoofing. Default: false.'),
  enableSecureBoot: flag('Secure boot, generation 2 only. Default: false.'),
  secureBootTemplate: oneOf(
    ['MicrosoftWindows', 'MicrosoftUEFICertificateAuthority'],
    'Template of secure boot; Linux needs the second. Default: MicrosoftWindows.',
  ),
  enableTpm: flag('Virtual TPM, generation 2 only. Default: false.'),
  enableVirtualizationExtensions: flag('Nested virtualisation; needs 4096 MB. Default: false.'),
  guestAdditionsMode: oneOf(['none', 'disable'], 'Guest additions. Default: none.'),
  configurationVersion: shaped(/^\d{1,3}\.\d{1,3}$/, 'is no configuration version such as 10.0')
    .optional()
    .describe('Configuration version of the machine. Default: the newest of the host.'),
  firstBootDevice: shaped(
    /^(IDE(:\d:\d)?|SCSI:\d{1,2}:\d{1,2}|CD|DVD|Floppy|NET)$/,
    'is no boot device such as DVD or SCSI:0:0',
  )
    .optional()
    .describe('Device that is booted first. Default: that of Hyper-V.'),
  secondaryIsoImages: z
    .array(isoPath)
    .max(8)
    .optional()
    .describe("Further ISOs of the agent's machine, by their absolute paths. Default: none."),
  headless: flag('No window on the host. Default: true.'),
  disableShutdown: flag(
    'The last step shuts the machine down by itself. Default: whether it may end the connection and there is no shutdownCommand.',
  ),
  outputDirectory: absoluteFolder
    .optional()
    .describe(
      "Folder of the agent's machine that the image goes to, in a folder of its own. Default: the agent's image folder.",
    ),
  tempPath: absoluteFolder
    .optional()
    .describe(
      "Folder for the machine's files while building, which must exist. Default: the agent's image folder.",
    ),
  ...bootFields,
};

/**
 * Arguments of Packer's `hyperv-iso` builder. Bounds of memory and disks are those that the plugin itself checks.
 * What names files of the agent's machine is left out, but for ISOs and for the folder that the results go to.
 */
export const hypervIsoSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...fields, ...loginFields(secret) });

/**
 * What would end a string of PowerShell in double quotes, or have something run in it, in any of the forms that PowerShell
 * takes for them: the plugin puts some texts into its scripts as they are.
 */
export const POWERSHELL_SYNTAX = /["\u201c\u201d\u201e$`]/;

/** Devices that the plugin knows to boot from, by generation. */
const BOOT_DEVICES = { 1: /^(Floppy|IDE|NET|CD|DVD)$/, 2: /^(NET|CD|DVD|(IDE|SCSI):\d+:\d+)$/ };

type Settings = {
  switchName?: string | undefined;
  generation?: number | undefined;
  firstBootDevice?: string | undefined;
  memory?: number | undefined;
  useFixedVhdFormat?: boolean | undefined;
  skipCompaction?: boolean | undefined;
  differencingDisk?: boolean | undefined;
  useLegacyNetworkAdapter?: boolean | undefined;
  enableSecureBoot?: boolean | undefined;
  enableTpm?: boolean | undefined;
  enableVirtualizationExtensions?: boolean | undefined;
  enableDynamicMemory?: boolean | undefined;
  enableMacSpoofing?: boolean | undefined;
};

const generationRule: SettingsRule<Settings> = (settings, issues) => {
  const { generation = 1 } = settings;
  for (const field of ['enableSecureBoot', 'enableTpm'] as const)
    if (settings[field] === true && generation !== 2) blame(issues, field, 'needs generation 2');
  for (const field of ['useFixedVhdFormat', 'useLegacyNetworkAdapter'] as const)
    if (settings[field] === true && generation !== 1) blame(issues, field, 'needs generation 1');
  const { firstBootDevice: device } = settings;
  if (device !== undefined && !BOOT_DEVICES[generation === 1 ? 1 : 2].test(device))
    blame(issues, 'firstBootDevice', `is no boot device of generation ${generation}`);
};

const machineRule: SettingsRule<Settings> = (settings, issues) => {
  if (settings.useFixedVhdFormat === true && settings.skipCompaction !== true)
    blame(issues, 'skipCompaction', 'must be true for a fixed VHD');
  if (settings.useFixedVhdFormat === true && settings.differencingDisk === true)
    blame(issues, 'differencingDisk', 'is not possible with a fixed VHD');
  if (settings.enableVirtualizationExtensions !== true) return;
  if ((settings.memory ?? 1024) < 4096)
    blame(issues, 'memory', 'must be at least 4096 for nested virtualisation');
  if (settings.enableDynamicMemory === true)
    blame(issues, 'enableDynamicMemory', 'is not possible with nested virtualisation');
  if (settings.enableMacSpoofing !== true)
    blame(issues, 'enableMacSpoofing', 'must be true for nested virtualisation');
};

/** Arguments of `hyperv-iso` as they are written. */
export const hypervIsoInput = <S extends z.ZodType>(secret: S) =>
  written(hypervIsoSettings(secret), {
    rule: (settings, issues) => {
      if (POWERSHELL_SYNTAX.test(settings.switchName ?? ''))
        blame(issues, 'switchName', 'must not hold " $ or `, which PowerShell would read');
      generationRule(settings, issues);
      machineRule(settings, issues);
    },
    notOurs: {
      ...namedByRun('vmName'),
      isoUrl: 'is in the operating system',
      isoChecksum: 'is in the operating system',
      bootCommand: 'is in the operating system',
    },
  });
