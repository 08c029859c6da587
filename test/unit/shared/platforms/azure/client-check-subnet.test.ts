import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containing } from '../../../../support/matchers.ts';
import { azureSnapshot, galleryMinimum, managedMinimum } from './cases.ts';
import { type Azure, definition, inGroup, openAzure, placeExamples } from './client-support.ts';

let azure: Azure;
beforeEach(async () => {
  azure = await openAzure();
  placeExamples(azure);
});
afterEach(() => azure.close());

const baseImage = { id: 'Canonical:ubuntu-24_04-lts:server:24.04.202611010' };
const field = '/builderConfiguration/settings/virtualNetworkSubnetName';
const configurations = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `ip-${at}` }));

const looked = async (properties: object) => {
  const id = inGroup('network', 'Microsoft.Network/virtualNetworks', 'build-net');
  azure.cloud.place({ id, properties: { subnets: [{ name: 'build', properties }] } });
  const settings = {
    ...managedMinimum,
    virtualNetworkName: 'build-net',
    virtualNetworkResourceGroupName: 'network',
    virtualNetworkSubnetName: 'build',
  };
  const checks = await azure.client(azureSnapshot('azure-managed', { settings })).preflight(baseImage);
  return checks.filter(({ id: name }) => name === 'network');
};

const pass = { status: 'pass' };
const full = { status: 'fail', field, errorId: 'insufficient-capacity' };

describe('the subnet of a build on Azure (S162)', () => {
  it.each<[string, object, object]>([
    ['the last free address', { addressPrefix: '10.0.0.0/29', ipConfigurations: configurations(2) }, pass],
    [
      'no free address: Azure keeps five',
      { addressPrefix: '10.0.0.0/29', ipConfigurations: configurations(3) },
      full,
    ],
    [
      'a second prefix with room',
      { addressPrefixes: ['10.0.0.0/29', '10.0.1.0/28'], ipConfigurations: configurations(3) },
      pass,
    ],
    [
      'a prefix of IPv6 beside a full one',
      { addressPrefixes: ['fd00::/64', '10.0.0.0/29'], ipConfigurations: configurations(3) },
      full,
    ],
    ['a size that is not told', { ipConfigurations: configurations(300) }, pass],
  ])('with %s', async (_, properties, expected) => {
    expect(await looked(properties)).toMatchObject([expected]);
  });

  it('is not one that another service has for itself', async () => {
    const delegations = [{ name: 'd', properties: { serviceName: 'Microsoft.Web/serverFarms' } }];
    expect(await looked({ addressPrefix: '10.0.0.0/24', delegations })).toMatchObject([
      {
        status: 'fail',
        field,
        errorId: 'network-not-found',
        detail: containing('Microsoft.Web/serverFarms'),
      },
    ]);
  });
});

describe('the image definition of a gallery (S134)', () => {
  const checked = async (fields: object) => {
    const own = `${inGroup('images', 'Microsoft.Compute/galleries', 'golden.images')}/images/Web-Base`;
    azure.cloud.place({ id: own, properties: definition(fields) });
    const snapshot = azureSnapshot('azure-gallery', { settings: galleryMinimum });
    return (await azure.client(snapshot).preflight(baseImage)).filter(({ id }) => id === 'gallery');
  };

  it('is of the architecture of the operating system, x64 where it says none', async () => {
    expect(await checked({ architecture: 'Arm64' })).toMatchObject([
      {
        status: 'fail',
        errorId: 'gallery-not-found',
        detail: containing('is for Arm64, the run is for x86_64'),
      },
    ]);
    expect(await checked({ architecture: undefined })).toMatchObject([{ status: 'pass' }]);
  });
});
