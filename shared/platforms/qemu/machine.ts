import { setting } from '../checks.ts';
import type { PackerGeneration } from '../../contracts/bundle.ts';
import { asArguments } from '../arguments.ts';
import { PlatformError } from '../errors.ts';
import type { TemplateObject } from '../expression.ts';
import { refuseOnOldPacker } from '../old-packer.ts';
import type { QemuSettings, QemuSnapshot } from './names.ts';

/** Where Debian's qemu-efi-aarch64 puts the firmware; Packer itself knows the place of that for x86 only. */
const ARM_FIRMWARE = '/usr/share/AAVMF/AAVMF';

const isArm = ({ operatingSystem }: QemuSnapshot): boolean => operatingSystem.architecture === 'arm64';

/** Refuses what the given Packer cannot do. Throws PlatformError that names the setting. */
export const refuseMachine = (snapshot: QemuSnapshot, generation: PackerGeneration): void => {
  const { settings } = snapshot.builderConfiguration;
  // The plugin got it after its release 1.1.4, which is the newest.
  if (settings.diskInterface === 'sd')
    throw new PlatformError(
      'builder-setting-invalid',
      'No release of the QEMU plugin knows diskInterface sd yet.',
      { field: setting('diskInterface') },
    );
  refuseOnOldPacker(generation, {
    'the architecture arm64': isArm(snapshot),
    cpuModel: settings.cpuModel !== undefined,
    sockets: settings.sockets !== undefined,
    cores: settings.cores !== undefined,
    threads: settings.threads !== undefined,
    efiBoot: settings.efiBoot === true,
    vtpm: settings.vtpm === true,
    'diskInterface sata': settings.diskInterface === 'sata',
    // It would give the arguments of the one disk to all of them.
    'useBackingFile with further disks':
      settings.useBackingFile === true && settings.diskAdditionalSize !== undefined,
  });
};

/** A machine for ARM has no firmware of its own, and by QEMU's default a processor of 32 bits. */
const armFields = (settings: QemuSettings): TemplateObject => ({
  qemu_binary: 'qemu-system-aarch64',
  machine_type: settings.machineType ?? 'virt',
  cpu_model: settings.cpuModel ?? 'max',
  efi_boot: settings.efiBoot ?? true,
  efi_firmware_code: settings.efiBoot === false ? undefined : `${ARM_FIRMWARE}_CODE.fd`,
  efi_firmware_vars: settings.efiBoot === false ? undefined : `${ARM_FIRMWARE}_VARS.fd`,
  tpm_device_type: settings.vtpm === true ? (settings.tpmDeviceType ?? 'tpm-tis-device') : undefined,
});

/** The machine that QEMU makes. Packer 1.6 gets what it knows: the rest was refused, or means nothing without it. */
export const machineFields = (snapshot: QemuSnapshot, generation: PackerGeneration): TemplateObject => {
  const { settings } = snapshot.builderConfiguration;
  return {
    ...asArguments(settings, [
      'accelerator',
      'machineType',
      'cpus',
      'memory',
      'diskSize',
      'diskAdditionalSize',
      'diskInterface',
      'diskCache',
      'diskDiscard',
      'diskDetectZeroes',
      'format',
      'diskCompression',
      'skipCompaction',
      'netDevice',
      'netBridge',
    ]),
    // Beside the image Packer would find no place for it: the path of a socket has at most 107 characters.
    qmp_socket_path: settings.netBridge === undefined ? undefined : 'qmp.sock',
    headless: settings.headless ?? true,
    ...(generation === 'modern' ? modernFields(settings) : {}),
    ...(isArm(snapshot) ? armFields(settings) : {}),
  };
};

const modernFields = (settings: QemuSettings): TemplateObject =>
  asArguments(settings, [
    'cpuModel',
    'sockets',
    'cores',
    'threads',
    'efiBoot',
    'efiDropEfivars',
    'vtpm',
    'tpmDeviceType',
  ]);
