import type { RunSnapshot, SnapshotStep } from '../contracts/snapshot.ts';
import type { GeneraliseStep } from './platform.ts';
import { findPlatform } from './registry.ts';

/** What stands in place of the ids of a provisioner and a group: the step is nobody's entity. */
const NOBODY = '0'.repeat(26);
/** Begins when the run does, and is no one's work. */
const NEVER = '1970-01-01T00:00:00.000Z';
/** Sysprep of a server with many roles takes its time. The scripts give up ten minutes before, and say why. */
const TIMEOUT_SECONDS = 3600;

const stepOf = ({ name, script }: GeneraliseStep, index: number): SnapshotStep => ({
  index,
  groupId: `grp_${NOBODY}`,
  groupName: 'Goldsmith',
  environment: {},
  provisioner: {
    id: `prv_${NOBODY}`,
    name,
    description: 'Added to every Windows image of a cloud; its text is published at /v1/sysprep-scripts.',
    tags: {},
    createdAt: NEVER,
    createdBy: 'goldsmith',
    updatedAt: NEVER,
    rev: 1,
    type: 'powershell',
    osFamily: 'windows',
    script,
    // No disconnect is expected: none of the scripts ends the machine, and of one that went away nobody knows whether
    // it is generalised. Such a run fails.
    timeoutSeconds: TIMEOUT_SECONDS,
  },
});

/** Of a gallery image that is asked to be specialised, as the setting says: the machine is kept as it is. */
export const isSpecialised = ({ builderConfiguration: builder }: RunSnapshot): boolean =>
  builder.builderType === 'azure-gallery' &&
  builder.settings.sharedImageGalleryDestination.specialized === true;

/** The snapshot with the platform's own generalise step behind the last one, where Windows is built in a cloud (S85–S88). */
export const withGeneralise = (snapshot: RunSnapshot): RunSnapshot => {
  const step = findPlatform(snapshot.builderConfiguration.platform)?.generalise;
  if (step === undefined || snapshot.operatingSystem.family !== 'windows' || isSpecialised(snapshot))
    return snapshot;
  return { ...snapshot, steps: [...snapshot.steps, stepOf(step, snapshot.steps.length + 1)] };
};
