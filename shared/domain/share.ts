import type { Locator } from '../contracts/entities/image-version.ts';

/** Regions in which an image can be shared: those of its AMIs. */
export const shareRegions = (locators: readonly Locator[]): string[] =>
  locators.flatMap((locator) => ('amiId' in locator ? [locator.region] : []));

/** Why an image of this platform is not shared here, and what is done instead; undefined where it can be. */
export const notShareable = ([locator]: readonly Locator[]): string | undefined => {
  if (locator === undefined || 'amiId' in locator) return undefined;
  if ('gallery' in locator)
    return 'Images of a gallery are shared with the gallery: by roles in Azure, or as a shared or community gallery.';
  if ('resourceId' in locator)
    return 'A managed image is for its own subscription and those with a role for it in Azure.';
  if ('selfLink' in locator)
    return 'Images of Google Cloud are shared by a role: roles/compute.imageUser on the image or its project.';
  return 'Images on-premises are where the builder puts them: whoever reaches that place can use them.';
};
