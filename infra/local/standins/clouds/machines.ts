import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { chooseAccelerator } from '../ec2/vm/accelerator.ts';
import { Fleet } from '../ec2/vm/fleet.ts';
import { reapVms } from '../ec2/vm/processes.ts';
import type { Machines } from './cloud.ts';

export type MachineOptions = {
  /** Disks of machines and images; belongs to one program at a time. */
  stateDir: string;
  baseDisk: string;
  /** First three numbers of the machines' addresses on the loopback interface, such as `127.90.0`. */
  network: string;
  /** Port of SSH at each address; above 1023, so that no root is needed. */
  sshPort: number;
};

/** 192 MiB hold the kernel, sshd and a small package installation. */
const MEMORY_MIB = 192;
/** A public image of the fleet: the base disk. */
const BASE_IMAGE = 'ami-0de00000000000122';

const idOf = (kind: 'i' | 'ami', name: string): string =>
  `${kind}-${createHash('sha256').update(name).digest('hex').slice(0, 17)}`;

/** Machines that are small VMs of QEMU; their ends and disks are kept as long as the program lives. */
export const openMachines = async (
  options: MachineOptions,
): Promise<Machines & { close: () => Promise<void> }> => {
  const { stateDir, baseDisk, network, sshPort } = options;
  await reapVms(stateDir);
  // The clouds begin empty, and so do their machines.
  await rm(stateDir, { recursive: true, force: true });
  await mkdir(stateDir, { recursive: true });
  const accelerator = await chooseAccelerator(stateDir, baseDisk);
  const fleet = await Fleet.open({ stateDir, baseDisk, accelerator, sshPort, memoryMib: MEMORY_MIB });
  const addresses = new Map<string, string>();
  /** An address is never used twice: a client may still remember the host key of the one before. */
  const addressOf = (name: string): string => {
    const address = addresses.get(name) ?? `${network}.${addresses.size + 4}`;
    addresses.set(name, address);
    return address;
  };
  return {
    start: async ({ name, publicKey, image }) => {
      const address = addressOf(name);
      await fleet.launch({
        instanceId: idOf('i', name),
        imageId: image === undefined ? BASE_IMAGE : idOf('ami', image),
        address,
        authorizedKeys: publicKey,
        userData: '',
      });
      return { address };
    },
    // In order, as a power button does it: what the guest has not written yet would be missing in the image.
    stop: async (name) => {
      if (addresses.has(name)) await fleet.stop(idOf('i', name), false);
    },
    capture: (name, image) => fleet.createImage(idOf('ami', image), idOf('i', name)),
    close: () => fleet.close(),
  };
};
