import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { azureSnapshot, galleryMinimum, managedMinimum } from './cases.ts';
import { type Azure, openAzure, placeExamples } from './client-support.ts';

let azure: Azure;
beforeEach(async () => {
  azure = await openAzure();
  placeExamples(azure);
});
afterEach(() => azure.close());

const baseImage = { id: 'Canonical:ubuntu-24_04-lts:server:24.04.202611010' };
const failing = async (type: 'azure-managed' | 'azure-gallery', settings: object) => {
  const checks = await azure.client(azureSnapshot(type, { settings })).preflight(baseImage);
  return checks.filter(({ status }) => status !== 'pass').map(({ id, field }) => [id, field]);
};
const field = (path: string) => `/builderConfiguration/settings/${path}`;

describe('a resource group that is not there on Azure (S162)', () => {
  it('is told once, not again for the network that would be in it', async () => {
    const settings = {
      ...managedMinimum,
      virtualNetworkName: 'build-net',
      virtualNetworkSubnetName: 'build',
      virtualNetworkResourceGroupName: 'none',
    };
    expect(await failing('azure-managed', settings)).toEqual([
      ['resource-group', field('virtualNetworkResourceGroupName')],
    ]);
  });

  it('is told once, not again for the gallery that would be in it', async () => {
    const destination = { ...galleryMinimum.sharedImageGalleryDestination, resourceGroup: 'none' };
    const settings = { ...galleryMinimum, sharedImageGalleryDestination: destination };
    expect(await failing('azure-gallery', settings)).toEqual([
      ['resource-group', field('sharedImageGalleryDestination/resourceGroup')],
    ]);
  });
});
