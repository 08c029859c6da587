import type { RunIdentity } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import type { AwsSnapshot } from './base-image.ts';
import { runTags } from './names.ts';

/** Tags of the image that a run makes, of its snapshots and copies. */
export const imageTagsOf = (snapshot: AwsSnapshot, run: RunIdentity): Record<string, string> => ({
  Name: finalName(snapshot, run),
  ...snapshot.connection.imageTags,
  ...runTags(run),
});

/** Tags of all that a run makes for a while: machine, disks, key pair, group, launch template. */
export const temporaryTagsOf = (snapshot: AwsSnapshot, run: RunIdentity): Record<string, string> => ({
  Name: `${finalName(snapshot, run)} build`,
  ...snapshot.connection.temporaryResourceTags,
  ...runTags(run),
});
