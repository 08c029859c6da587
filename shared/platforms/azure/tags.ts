import { PlatformError, type RunIdentity } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';
import { runTags } from './names.ts';

/** Most tags of a resource (Azure Resource Manager, "Limitations" of tags). */
const MAX_TAGS = 50;
/** The plugin adds these by itself to whatever comes from an image with a plan. */
const PLAN_TAGS = ['PlanInfo', 'PlanProduct', 'PlanPublisher', 'PlanPromotionCode'];

/**
 * Tags on everything that a run makes. Packer has one list for the temporary resources and the image, so both lists of
 * the connection go on all of them; of equal names, which Azure compares without regard to case, the image's wins, and
 * Goldsmith's own over both. Throws PlatformError when they are more than Azure takes.
 */
export const tagsOf = (
  { connection }: AzureSnapshot,
  run: RunIdentity,
  hasPlan: boolean,
): Record<string, string> => {
  const { imageTags = {}, temporaryResourceTags = {} } = connection;
  const merged = new Map<string, [string, string]>();
  for (const tags of [temporaryResourceTags, imageTags, runTags(run)]) {
    for (const [name, value] of Object.entries(tags)) merged.set(name.toLowerCase(), [name, value]);
  }
  const count = merged.size + (hasPlan ? PLAN_TAGS.length : 0);
  if (count > MAX_TAGS) {
    const message = `The connection's imageTags and temporaryResourceTags, which on Azure are one list, are ${count} tags with those of the run; Azure takes ${MAX_TAGS}.`;
    throw new PlatformError('builder-setting-invalid', message, { field: '/connection/imageTags' });
  }
  return Object.fromEntries(merged.values());
};
