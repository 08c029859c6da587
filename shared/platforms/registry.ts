import type { PlatformId } from '../contracts/platforms/kinds.ts';
import { aws } from './aws/index.ts';
import { azure } from './azure/index.ts';
import { hyperv } from './hyperv/index.ts';
import { nutanix } from './nutanix/index.ts';
import { gcp } from './gcp/index.ts';
import type { Platform } from './platform.ts';
import { proxmox } from './proxmox/index.ts';
import { qemu } from './qemu/index.ts';
import { vsphere } from './vsphere/index.ts';

/** One line a platform. */
export const platforms = {
  aws,
  azure,
  gcp,
  vsphere,
  proxmox,
  hyperv,
  nutanix,
  qemu,
} as const satisfies Partial<Record<PlatformId, Platform>>;

/** The platform with this id; undefined when there is none. */
export const findPlatform = (id: string): Platform | undefined =>
  Object.values(platforms).find((platform) => platform.id === id);

/** The platform of a builder configuration. */
export const platformOf = (id: PlatformId): Platform => {
  const platform = findPlatform(id);
  if (platform === undefined) throw new Error(`no platform ${id}`);
  return platform;
};
