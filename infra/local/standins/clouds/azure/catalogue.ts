import type { CloudAnswer } from '../cloud.ts';
import type { Account, MarketplaceImage } from './account.ts';
import { armError, list, ok } from './answers.ts';

/** What a subscription is offered; answers after the examples of azure-rest-api-specs that each function names. */

/** Microsoft.Resources 2021-04-01, GetSubscription. */
export const subscription = ({ subscriptionId, tenantId, subscriptionState }: Account): CloudAnswer =>
  ok({
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    tenantId,
    displayName: 'Stand-in',
    state: subscriptionState,
    subscriptionPolicies: { quotaId: 'Internal_2014-09-01', spendingLimit: 'Off' },
    authorizationSource: 'RoleBased',
  });

/** Microsoft.Resources 2021-04-01, GetLocations. */
export const locations = ({ subscriptionId, locations: names }: Account): CloudAnswer =>
  list(
    names.map((name) => ({
      id: `/subscriptions/${subscriptionId}/locations/${name}`,
      name,
      displayName: name,
      regionalDisplayName: name,
      metadata: { regionType: 'Physical', regionCategory: 'Recommended' },
    })),
  );

/** Microsoft.Authorization 2022-04-01, GetPermissionsForResourceGroup: all that holds at a scope or above it. */
export const permissions = ({ permissions: all }: Account, scope: string): CloudAnswer =>
  list(
    all
      .filter((one) => scope.toLowerCase().startsWith(one.scope.toLowerCase()))
      .flatMap((one) => one.permissions),
  );

/** Microsoft.Compute 2021-07-01, ListAvailableResourceSkusForARegion. */
export const sizes = ({ sizes: all }: Account, filter: string): CloudAnswer => {
  const location = /location eq '([^']+)'/.exec(filter)?.[1] ?? '';
  return list(
    all.map(({ name, family, capabilities, restriction }) => ({
      resourceType: 'virtualMachines',
      name,
      tier: 'Standard',
      family,
      locations: [location],
      capabilities: Object.entries(capabilities).map(([key, value]) => ({ name: key, value })),
      restrictions:
        restriction === undefined
          ? []
          : [
              {
                type: 'Location',
                values: [location],
                restrictionInfo: { locations: [location] },
                reasonCode: restriction,
              },
            ],
    })),
  );
};

/** Microsoft.Compute 2024-07-01, Usage_List. */
export const usages = ({ usages: all }: Account): CloudAnswer =>
  list(
    all.map(({ name, currentValue, limit }) => ({
      unit: 'Count',
      currentValue,
      limit,
      name: { value: name, localizedValue: name },
    })),
  );

const isOne = (image: MarketplaceImage, [publisher, offer, sku]: string[]): boolean =>
  image.publisher === publisher && image.offer === offer && image.sku === sku;

/** Microsoft.Compute 2024-07-01, VirtualMachineImage_List and VirtualMachineImage_Get. */
export const marketplaceImages = (
  { images, subscriptionId }: Account,
  [location = '', publisher = '', offer = '', sku = '', version]: string[],
): CloudAnswer => {
  const found = images.filter((image) => isOne(image, [publisher, offer, sku]));
  const idOf = (name: string): string =>
    `/Subscriptions/${subscriptionId}/Providers/Microsoft.Compute/Locations/${location}/Publishers/${publisher}/ArtifactTypes/VMImage/Offers/${offer}/Skus/${sku}/Versions/${name}`;
  if (version === undefined)
    return ok(found.map((image) => ({ location, name: image.version, id: idOf(image.version) })));
  const image = found.find((one) => one.version === version);
  if (image === undefined)
    return armError(
      404,
      'NotFound',
      `Artifact: VMImage was not found for ${publisher}:${offer}:${sku}:${version}.`,
    );
  const { operatingSystem, hyperVGeneration, architecture, plan, imageDeprecationStatus } = image;
  const osDiskImage = { operatingSystem };
  const properties = {
    plan,
    osDiskImage,
    hyperVGeneration,
    architecture,
    imageDeprecationStatus,
    features: [],
  };
  return ok({ location, name: version, id: idOf(version), properties });
};

/** Microsoft.MarketplaceOrdering 2021-01-01, GetMarketplaceTerms. */
export const terms = ({ acceptedTerms }: Account, [publisher, offer, plan]: string[]): CloudAnswer => {
  const name = `${publisher}/${offer}/${plan}`;
  return ok({
    name: plan,
    type: 'Microsoft.MarketplaceOrdering/offertypes',
    properties: { publisher, product: offer, plan, accepted: acceptedTerms.includes(name) },
  });
};
