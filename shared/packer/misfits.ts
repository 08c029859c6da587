import type { OperatingSystem } from '../contracts/entities/operating-system.ts';
import type { ProvisionerStored } from '../contracts/entities/provisioner.ts';
import type { SnapshotStep } from '../contracts/snapshot.ts';

/** A step that is made for the other family of operating systems. */
export type Misfit = { index: number; name: string; detail: string };

/** What has to be known of a run; a snapshot has it, and so has a definition that is being saved. */
export type FitQuestion = {
  operatingSystem: Pick<OperatingSystem, 'name' | 'family'>;
  steps: readonly (Pick<SnapshotStep, 'index' | 'groupName'> & {
    provisioner: Pick<ProvisionerStored, 'name' | 'osFamily'>;
  })[];
};

/** The steps that cannot work on the operating system, in order. Packer itself does not notice them. */
export const findMisfits = ({ operatingSystem, steps }: FitQuestion): Misfit[] =>
  steps
    .filter(({ provisioner }) => provisioner.osFamily !== operatingSystem.family)
    .map(({ index, groupName, provisioner }) => ({
      index,
      name: provisioner.name,
      detail:
        `step ${index} "${provisioner.name}" (group "${groupName}") is for ${provisioner.osFamily}, ` +
        `the operating system "${operatingSystem.name}" is ${operatingSystem.family}`,
    }));
