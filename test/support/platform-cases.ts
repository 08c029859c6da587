import type { PackerArtifact } from '../../shared/contracts/agent-protocol.ts';
import type { PackerGeneration } from '../../shared/contracts/bundle.ts';
import type { BaseImage, Locator } from '../../shared/contracts/entities/image-version.ts';
import type { RunSnapshot } from '../../shared/contracts/snapshot.ts';
import { withGeneralise } from '../../shared/platforms/generalise.ts';
import { cases as aws } from '../unit/shared/platforms/aws/cases.ts';
import { cases as azure } from '../unit/shared/platforms/azure/cases.ts';
import { cases as gcp } from '../unit/shared/platforms/gcp/cases.ts';
import { cases as hyperv } from '../unit/shared/platforms/hyperv/cases.ts';
import { cases as nutanix } from '../unit/shared/platforms/nutanix/cases.ts';
import { cases as proxmox } from '../unit/shared/platforms/proxmox/cases.ts';
import { cases as qemu } from '../unit/shared/platforms/qemu/cases.ts';
import { cases as vsphere } from '../unit/shared/platforms/vsphere/cases.ts';

/** One way of building on a platform: what the contract suite, the golden files and Packer itself are asked about. */
export type PlatformCase = {
  /** `<builder type> <family>`, and words more where there are several; names the golden files. */
  name: string;
  snapshot: RunSnapshot;
  baseImage: BaseImage;
  /** What Packer reports at the end of such a build, and where the image is then. */
  artifact: PackerArtifact;
  locators: Locator[];
  /** Generations of Packer that can build it; all, if not said. */
  generations?: readonly PackerGeneration[];
  /** Why Debian's Packer 1.6.6 cannot validate its template; it does, if not said. */
  notValidated?: string;
};

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
