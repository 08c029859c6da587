import { withGeneralise } from '../../shared/platforms/generalise.ts';
import { cases as aws } from '../unit/shared/platforms/aws/cases.ts';
import { cases as azure } from '../unit/shared/platforms/azure/cases.ts';
import { cases as gcp } from '../unit/shared/platforms/gcp/cases.ts';
import { cases as hyperv } from '../unit/shared/platforms/hyperv/cases.ts';
import { cases as nutanix } from '../unit/shared/platforms/nutanix/cases.ts';
import { cases as proxmox } from '../unit/shared/platforms/proxmox/cases.ts';
import { cases as qemu } from '../unit/shared/platforms/qemu/cases.ts';
import { cases as vsphere } from '../unit/shared/platforms/vsphere/cases.ts';
import type { PlatformCase } from './platform-case.ts';

export type { PlatformCase } from './platform-case.ts';

/** Every case of every platform, with the steps that a run would have. */
export const platformCases: PlatformCase[] = [
  ...aws,
  ...azure,
  ...gcp,
  ...vsphere,
  ...proxmox,
  ...hyperv,
  ...nutanix,
  ...qemu,
].map((one) => ({
  ...one,
  snapshot: withGeneralise(one.snapshot),
}));

/** Generations of Packer that a case is compiled for. */
export const generationsOf = ({ generations = ['1.6', 'modern'] }: PlatformCase) => generations;
