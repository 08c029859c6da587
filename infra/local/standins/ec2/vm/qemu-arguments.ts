import { join } from 'node:path';

/** How QEMU executes the guest's instructions. */
export type Accelerator = 'kvm' | 'tcg';

/** Everything that differs between the QEMU processes. */
export interface QemuSettings {
  accelerator: Accelerator;
  memoryMib: number;
  /** Path of the qcow2 disk to boot. */
  disk: string;
  /** Folder with the files instance-id, authorized-keys and user-data. */
  metadataFolder: string;
  /** File for what the guest's kernel prints. */
  consoleLog: string;
  /** Where the guest's SSH port is reached on this machine. */
  ssh: { address: string; port: number } | undefined;
}

/** Names of the files that the guest reads through QEMU's firmware configuration device. */
export const metadataNames = ['instance-id', 'authorized-keys', 'user-data'] as const;

/** QEMU's commas separate options: a comma in a path is written twice. */
function escapePath(path: string): string {
  return path.replaceAll(',', ',,');
}

/**
 * Command line of one VM: no display, no network but the one forwarded port (`restrict=on` lets the guest reach
 * nothing), control protocol on stdin and stdout, guest channel on file descriptor 3.
 */
export function qemuArguments(settings: QemuSettings): string[] {
  const forward =
    settings.ssh === undefined ? '' : `,hostfwd=tcp:${settings.ssh.address}:${settings.ssh.port}-:22`;
  return [
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-sandbox',
    'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
    ...(settings.accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : ['-accel', 'tcg,thread=multi', '-cpu', 'qemu64,+rdrand']),
    // A reboot ends the process and the manager starts another: an emulated machine that is reset takes 8 s to boot, not 3.
    '-no-reboot',
    '-smp',
    '1',
    '-m',
    String(settings.memoryMib),
    '-drive',
    `file=${escapePath(settings.disk)},if=virtio,format=qcow2,discard=unmap`,
    '-netdev',
    `user,id=net0,restrict=on${forward}`,
    // No option ROM: the machine never boots from the network.
    '-device',
    'virtio-net-pci,netdev=net0,romfile=',
    ...metadataNames.flatMap((name) => [
      '-fw_cfg',
      `name=opt/goldsmith/${name},file=${escapePath(join(settings.metadataFolder, name))}`,
    ]),
    '-chardev',
    `file,id=console,path=${escapePath(settings.consoleLog)}`,
    '-serial',
    'chardev:console',
    '-chardev',
    'socket,id=guest,fd=3',
    '-serial',
    'chardev:guest',
    '-chardev',
    'stdio,id=qmp,signal=off',
    '-mon',
    'chardev=qmp,mode=control',
  ];
}
