import type { RunIdentity } from '../platform.ts';
import type { SnapshotOf } from '../snapshot-of.ts';

/** A snapshot of a run on Nutanix. */
export type NutanixSnapshot = SnapshotOf<'nutanix'>;
export type NutanixSettings = NutanixSnapshot['builderConfiguration']['settings'];

/** Kinds of what a build makes on Nutanix. */
export const kinds = { machine: 'nutanix-vm', image: 'nutanix-image' } as const;

/** Name of the machine that a run builds; its image is another thing and has a name of its own. */
export const machineName = (run: RunIdentity): string => `goldsmith-${run.runId}`;

/** Where an image of the library is, by its UUID. */
export const imagePath = (uuid: string): string => `images/${uuid}`;
/** The UUID in such a place. */
export const uuidOf = (path: string | undefined): string | undefined =>
  /^images\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(path ?? '')?.[1];
