import { finalName, type SnapshotOf } from '../snapshot-of.ts';
import type { RunIdentity } from '../platform.ts';

/** A snapshot of a run on vSphere. */
export type VsphereSnapshot = SnapshotOf<'vsphere'>;
type Builder = VsphereSnapshot['builderConfiguration'];
export type IsoSettings = Extract<Builder, { builderType: 'vsphere-iso' }>['settings'];
export type CloneSettings = Extract<Builder, { builderType: 'vsphere-clone' }>['settings'];
export type VsphereSettings = IsoSettings | CloneSettings;

/** Kinds of what a build makes in vSphere. */
export const kinds = { machine: 'vsphere-vm', file: 'vsphere-file' } as const;

/** The image is an item of a library that is made of the machine, and may not be called like it. */
const isLibraryTemplate = ({ contentLibraryDestination: library }: VsphereSettings): boolean =>
  library !== undefined && library.ovf !== true;

/**
 * Name of the machine that a run builds: that of its image, into which it turns. Where the image is a VM template of a
 * content library, the machine is another thing and is called after the run.
 */
export const machineName = (snapshot: VsphereSnapshot, run: RunIdentity): string =>
  isLibraryTemplate(snapshot.builderConfiguration.settings)
    ? `goldsmith-${run.runId}`
    : finalName(snapshot, run);

const inFolder = (folder: string | undefined, name: string): string | undefined => {
  const path = folder?.replace(/^\/+|\/+$/g, '') ?? '';
  return path === '' ? undefined : `${path}/${name}`;
};

/**
 * Where vSphere finds the image, when its name alone does not lead to it: folder and name in the inventory, or library
 * and item.
 */
export const imagePath = (snapshot: VsphereSnapshot, run: RunIdentity): string | undefined => {
  const { folder, contentLibraryDestination: library } = snapshot.builderConfiguration.settings;
  const name = finalName(snapshot, run);
  if (library?.ovf === true) return `${library.library}/${name}`;
  return inFolder(library?.folder ?? folder, name);
};
