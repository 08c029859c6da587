/** A Debian package that the stand-in needs on the machine, and what for. */
export interface SystemPackage {
  package: string;
  purpose: string;
}

/**
 * Packages of Debian 12 (bookworm) that the EC2 stand-in runs or makes its base disk with. Data only: the
 * installer says what is missing and how to get it. `apt-get download` and `setpriv` are part of every Debian.
 */
export const systemPackages: readonly SystemPackage[] = [
  { package: 'qemu-system-x86', purpose: 'runs the instances' },
  { package: 'qemu-utils', purpose: 'makes and copies the disks of instances and images' },
  { package: 'syslinux', purpose: 'boot loader of the base disk' },
  { package: 'syslinux-common', purpose: 'master boot record of the base disk' },
  { package: 'mtools', purpose: 'fills the boot partition of the base disk without root' },
  { package: 'dosfstools', purpose: 'formats the boot partition of the base disk' },
  { package: 'e2fsprogs', purpose: 'makes the root file system of the base disk without root' },
  { package: 'fdisk', purpose: 'partitions the base disk' },
  { package: 'xz-utils', purpose: 'unpacks the drivers of newer kernels for the base disk' },
  { package: 'python3-venv', purpose: 'virtual environment of the AWS emulator (moto)' },
];
