import type { Locator } from '../../contracts/entities/image-version.ts';

/** Where an image is, in a few words for a log. */
export const placeOf = (locator: Locator): string => {
  if ('amiId' in locator) return `${locator.amiId} in ${locator.region}`;
  if ('resourceId' in locator) return `${locator.imageName} in ${locator.resourceGroup}, ${locator.location}`;
  if ('gallery' in locator) {
    const { gallery, definition, version, regions } = locator;
    return `${gallery}/${definition}/${version} in ${regions.join(', ')}`;
  }
  if ('selfLink' in locator) return `${locator.imageName} in ${locator.projectId}`;
  return `${locator.templateName ?? locator.path ?? 'an image'} on ${locator.host}`;
};
