import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AzureSnapshot } from '../../../../../shared/platforms/azure/base-image.ts';
import type { PlatformCheck } from '../../../../../shared/platforms/platform.ts';
import { containing } from '../../../../support/matchers.ts';
import { azureSnapshot, galleryMinimum, managedMinimum, ubuntu, windowsServer } from './cases.ts';
import {
  type Azure,
  definition,
  inGroup,
  openAzure,
  placeExamples,
  subscription,
  version,
} from './client-support.ts';

let azure: Azure;
beforeEach(async () => {
  azure = await openAzure();
  placeExamples(azure);
});
afterEach(() => azure.close());

const baseImage = { id: 'Canonical:ubuntu-24_04-lts:server:24.04.202611010' };
const managed = (settings: object = {}, parts: Parameters<typeof azureSnapshot>[1] = {}) =>
  azureSnapshot('azure-managed', { settings: { ...managedMinimum, ...settings }, ...parts });
const gallery = (settings: object = {}, parts: Parameters<typeof azureSnapshot>[1] = {}) =>
  azureSnapshot('azure-gallery', { settings: { ...galleryMinimum, ...settings }, ...parts });

const look = (snapshot: AzureSnapshot, image = baseImage) => azure.client(snapshot).preflight(image);
const bad = (checks: PlatformCheck[]) => checks.filter(({ status }) => status !== 'pass');
/** The one thing that is wrong. */
const wrong = async (snapshot: AzureSnapshot, image = baseImage) => {
  const found = bad(await look(snapshot, image));
  expect(found).toHaveLength(1);
  expect(found[0]?.remedy).toBeTruthy();
  return found[0];
};
const settings = '/builderConfiguration/settings';
const example = azureSnapshot('azure-managed');

describe('what is looked at before a run on Azure', () => {
  it('passes where everything is there, and names what it looked at', async () => {
    const checks = await look(example);
    expect(bad(checks)).toEqual([]);
    expect(new Set(checks.map(({ id }) => id))).toEqual(
      new Set([
        'credentials',
        'permissions',
        'region',
        'resource-group',
        'network',
        'machine-type',
        'quota',
        'image-name',
        'credential-lifetime',
      ]),
    );
    expect(bad(await look(gallery()))).toEqual([]);
  });

  it('ends at credentials that are refused (S149)', async () => {
    const other = await openAzure({ secret: 'another-secret' });
    const checks = await other.client(managed()).preflight(baseImage);
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({
      id: 'credentials',
      status: 'fail',
      errorId: 'credentials-invalid',
      field: '/connection/settings/auth',
    });
    await other.close();
  });

  it('ends at a subscription that does not work', async () => {
    azure.cloud.account.subscriptionState = 'Disabled';
    expect(await look(managed())).toMatchObject([
      { status: 'fail', errorId: 'account-disabled', field: '/connection/settings/subscriptionId' },
    ]);
    azure.cloud.disturb({
      when: ({ path }) => path === subscription,
      answer: { status: 404, body: { error: { code: 'SubscriptionNotFound', message: 'not found' } } },
    });
    expect(await look(managed())).toMatchObject([
      { status: 'fail', field: '/connection/settings/subscriptionId' },
    ]);
  });

  it('goes on beside what cannot be looked at, which is a warning and no pass', async () => {
    azure.cloud.disturb({
      when: ({ path }) => path.endsWith('/skus') || path.endsWith('/permissions'),
      answer: {
        status: 403,
        body: { error: { code: 'AuthorizationFailed', message: "no 'Microsoft.Compute/skus/read'" } },
      },
    });
    azure.cloud.account.locations = [];
    const found = bad(await look(managed()));
    expect(found.map(({ id, status }) => [id, status])).toEqual([
      ['permissions', 'warn'],
      ['permissions', 'warn'],
      ['region', 'fail'],
      ['machine-type', 'warn'],
    ]);
    expect(found.at(-1)?.detail).toContain('Microsoft.Compute/skus/read');
  });
});

describe('permissions of a connection to Azure (S150)', () => {
  it('are compared with each action that the run needs, at the scope that it needs it at', async () => {
    azure.cloud.account.permissions = [
      { scope: '', permissions: [{ actions: ['*/read'], notActions: [] }] },
      {
        scope: inGroup('images'),
        permissions: [{ actions: ['Microsoft.Compute/*'], notActions: ['Microsoft.Compute/images/delete'] }],
      },
    ];
    const [atSubscription, atGroup] = bad(await look(managed()));
    expect(atSubscription).toMatchObject({ id: 'permissions', status: 'fail', errorId: 'permission-denied' });
    expect(atSubscription?.detail).toContain('Microsoft.Compute/virtualMachines/deallocate/action');
    expect(atSubscription?.detail).not.toContain('virtualMachines/read');
    expect(atGroup?.detail).toBe(`Not allowed at ${inGroup('images')}: Microsoft.Compute/images/delete.`);
  });

  it('of two roles add up: what one leaves out the other may allow', async () => {
    azure.cloud.account.permissions = [
      {
        scope: '',
        permissions: [
          { actions: ['*'], notActions: ['Microsoft.Network/*'] },
          { actions: ['microsoft.network/*'], notActions: [] },
        ],
      },
    ];
    expect(bad(await look(managed()))).toEqual([]);
  });

  it('to a key vault are needed for Windows only', async () => {
    azure.cloud.account.permissions = [
      { scope: '', permissions: [{ actions: ['*'], notActions: ['Microsoft.KeyVault/*'] }] },
    ];
    expect(bad(await look(managed()))).toEqual([]);
    const image = { id: 'MicrosoftWindowsServer:WindowsServer:2022-datacenter-g2:20348.4294.261105' };
    const found = await wrong(managed({}, { windows: true, image: windowsServer }), image);
    expect(found?.detail).toContain('Microsoft.KeyVault/vaults/deploy/action');
  });
});

describe('places that a builder on Azure names (S152, S162)', () => {
  it('are regions of the subscription', async () => {
    const own = bad(await look(managed({ location: 'Mars' })));
    expect(own).toContainEqual(
      expect.objectContaining({ errorId: 'region-invalid', field: `${settings}/location`, status: 'fail' }),
    );
    const destination = {
      ...galleryMinimum.sharedImageGalleryDestination,
      replicationRegions: ['West Europe', 'Mars'],
    };
    expect(await wrong(gallery({ sharedImageGalleryDestination: destination }))).toMatchObject({
      id: 'region',
      field: `${settings}/sharedImageGalleryDestination/replicationRegions/1`,
      detail: 'The subscription has no region Mars.',
    });
  });

  it('are resource groups that are there', async () => {
    const found = bad(await look(managed({ managedImageResourceGroupName: 'none' })));
    expect(found).toContainEqual(
      expect.objectContaining({
        id: 'resource-group',
        status: 'fail',
        errorId: 'resource-group-not-found',
        field: `${settings}/managedImageResourceGroupName`,
        detail: containing('no resource group none'),
      }),
    );
  });

  it('are a virtual network and its subnet, in the region of the build', async () => {
    const network = (more: object) =>
      managed({
        virtualNetworkName: 'build-net',
        virtualNetworkResourceGroupName: 'network',
        virtualNetworkSubnetName: 'build',
        ...more,
      });
    expect(bad(await look(network({})))).toEqual([]);
    expect(await wrong(network({ virtualNetworkSubnetName: 'none' }))).toMatchObject({
      id: 'network',
      errorId: 'network-not-found',
      field: `${settings}/virtualNetworkSubnetName`,
      detail: 'build-net has no subnet none, only build.',
    });
    const lost = await wrong(network({ virtualNetworkName: 'none' }));
    expect(lost?.field).toBe(`${settings}/virtualNetworkName`);
    expect((await wrong(network({ location: 'North Europe' })))?.detail).toContain('is in westeurope');
  });

  it('are a network that can be found by its name alone, as Packer looks for it', async () => {
    const byName = managed({ virtualNetworkName: 'build-net' });
    expect(bad(await look(byName))).toEqual([]);
    azure.cloud.place({
      id: inGroup('network', 'Microsoft.Network/virtualNetworks', 'build-net'),
      properties: { subnets: [{ name: 'build' }, { name: 'other' }] },
    });
    expect(await wrong(byName)).toMatchObject({ field: `${settings}/virtualNetworkSubnetName` });
    azure.cloud.place({ id: inGroup('images', 'Microsoft.Network/virtualNetworks', 'build-net') });
    expect(await wrong(byName)).toMatchObject({ field: `${settings}/virtualNetworkResourceGroupName` });
  });

  it('are a key vault in the group of the build that machines and templates can read', async () => {
    const image = { id: 'MicrosoftWindowsServer:WindowsServer:2022-datacenter-g2:20348.4294.261105' };
    const own = { location: undefined, buildResourceGroupName: 'images', buildKeyVaultName: 'certificates' };
    const parts = { windows: true, image: windowsServer };
    const id = inGroup('images', 'Microsoft.KeyVault/vaults', 'certificates');
    expect((await wrong(managed(own, parts), image))?.detail).toContain(
      'no key vault certificates in images',
    );
    azure.cloud.place({ id, properties: { enabledForDeployment: true } });
    expect((await wrong(managed(own, parts), image))?.detail).toContain(
      'does not let machines and templates',
    );
    azure.cloud.place({ id, properties: { enabledForDeployment: true, enabledForTemplateDeployment: true } });
    expect(bad(await look(managed(own, parts), image))).toEqual([]);
    const elsewhere = managed({ buildKeyVaultName: 'certificates' }, parts);
    expect(await wrong(elsewhere, image)).toMatchObject({
      id: 'key-vault',
      field: `${settings}/buildKeyVaultName`,
    });
  });

  it('are disk encryption sets', async () => {
    const id = inGroup('images', 'Microsoft.Compute/diskEncryptionSets', 'build');
    expect(await wrong(gallery({ diskEncryptionSetId: id }))).toMatchObject({
      id: 'encryption-key',
      field: `${settings}/diskEncryptionSetId`,
    });
    azure.cloud.place({ id });
    expect(bad(await look(gallery({ diskEncryptionSetId: id })))).toEqual([]);
  });
});

describe('the gallery of a builder on Azure (S134, S135)', () => {
  const own = `${inGroup('images', 'Microsoft.Compute/galleries', 'golden.images')}/images/Web-Base`;

  it('is there, and in it an image definition named as ours', async () => {
    const to = (more: object) =>
      gallery({
        sharedImageGalleryDestination: { ...galleryMinimum.sharedImageGalleryDestination, ...more },
      });
    expect((await wrong(to({ galleryName: 'none' })))?.detail).toContain('no gallery none');
    azure.cloud.place({ id: inGroup('images', 'Microsoft.Compute/galleries', 'empty') });
    expect(await wrong(to({ galleryName: 'empty' }))).toMatchObject({
      errorId: 'gallery-not-found',
      detail: 'The gallery empty has no image definition Web-Base.',
    });
  });

  it.each([
    [{ osType: 'Windows' }, 'is for Windows, the run is for linux'],
    [{ hyperVGeneration: 'V1' }, 'is of generation V1, the base image of V2'],
    [{ osState: 'Specialized' }, 'is for Specialized images'],
  ])('has an image definition that fits: not one of %j', async (fields, words) => {
    azure.cloud.place({ id: own, properties: definition(fields) });
    expect((await wrong(gallery()))?.detail).toContain(words);
  });

  it('has an image definition for the security that is asked for', async () => {
    const secure = gallery({ securityType: 'ConfidentialVM', secureBootEnabled: true, vtpmEnabled: true });
    expect(await wrong(secure)).toMatchObject({ field: `${settings}/securityType` });
    // `az sig image-definition create`: features of an image definition; the capitals differ from page to page.
    for (const value of ['ConfidentialVMSupported', 'TrustedLaunchAndConfidentialVmSupported']) {
      azure.cloud.place({
        id: own,
        properties: definition({ features: [{ name: 'SecurityType', value }] }),
      });
      expect(bad(await look(secure))).toEqual([]);
    }
  });

  it('does not have the version yet (S128)', async () => {
    azure.cloud.place({ id: `${own}/versions/7.0.0`, properties: version() });
    const taken = { id: 'image-name', errorId: 'image-name-taken', field: '/firstNumber' };
    expect(await wrong(gallery())).toMatchObject(taken);
  });
});

describe('the name of a managed image (S126, S128)', () => {
  it('is free, and so is that of its snapshot', async () => {
    azure.cloud.place({ id: inGroup('images', 'Microsoft.Compute/snapshots', 'web_os') });
    expect(await wrong(managed({ managedImageOsDiskSnapshotName: 'web_os' }))).toMatchObject({
      field: `${settings}/managedImageOsDiskSnapshotName`,
    });
    azure.cloud.place({ id: inGroup('images', 'Microsoft.Compute/images', 'Web-Base-v7') });
    const taken = { id: 'image-name', errorId: 'image-name-taken', field: '/firstNumber' };
    expect(await wrong(managed())).toMatchObject(taken);
  });
});

describe('the VM size of a builder on Azure (S152)', () => {
  const [size] = ['Standard_D2s_v5'];
  const field = `${settings}/vmSize`;

  it('is offered in the location, and to the subscription', async () => {
    expect(await wrong(managed({ vmSize: 'Standard_Z9' }))).toMatchObject({
      errorId: 'instance-type-invalid',
      field,
    });
    for (const one of azure.cloud.account.sizes) one.restriction = 'NotAvailableForSubscription';
    expect((await wrong(managed()))?.detail).toContain('(NotAvailableForSubscription)');
  });

  it('is for the processor, boots the generation and can what is asked for', async () => {
    expect(await wrong(managed({ vmSize: 'Standard_D2ps_v5' }))).toMatchObject({
      errorId: 'architecture-mismatch',
    });
    const old = bad(
      await look(managed({ vmSize: 'Standard_A1_v2', encryptionAtHost: true, acceleratedNetworking: true })),
    );
    expect(old.map((one) => one.field)).toEqual([
      field,
      `${settings}/encryptionAtHost`,
      `${settings}/acceleratedNetworking`,
    ]);
    expect(await wrong(managed({ diskControllerType: 'NVMe' }))).toMatchObject({
      field: `${settings}/diskControllerType`,
    });
  });

  it('is within the limits of the family and of all machines, or of spot machines', async () => {
    for (const usage of azure.cloud.account.usages)
      if (usage.name === 'standardDSv5Family') usage.currentValue = usage.limit - 1;
    expect(await wrong(managed())).toMatchObject({
      id: 'quota',
      errorId: 'quota-exceeded',
      field,
      detail: `${size} needs 2 vCPUs, and of the 20 of "standardDSv5Family" in westeurope 19 are used.`,
    });
    expect(bad(await look(managed({ spot: { evictionPolicy: 'Delete' } })))).toEqual([]);
    for (const usage of azure.cloud.account.usages) if (usage.name === 'lowPriorityCores') usage.limit = 1;
    expect(await wrong(managed({ spot: { evictionPolicy: 'Delete' } }))).toMatchObject({ id: 'quota' });
  });
});

describe('the base image of a builder on Azure (S162)', () => {
  const image = { ...ubuntu, publisher: 'resf', offer: 'rockylinux-x86_64', sku: '9-base' };
  const rocky = { id: 'resf:rockylinux-x86_64:9-base:9.6.20250531' };
  const plan = { name: '9-base', product: 'rockylinux-x86_64', publisher: 'resf' };

  it('has its plan named, and its terms accepted', async () => {
    expect(await wrong(managed({}, { image }), rocky)).toMatchObject({
      id: 'base-image',
      errorId: 'base-image-not-subscribed',
      field: '/operatingSystem/images/0',
      detail: containing('has the plan resf:rockylinux-x86_64:9-base'),
    });
    const named = managed({}, { image: { ...image, plan } });
    expect((await wrong(named, rocky))?.remedy).toContain('az vm image terms accept --publisher resf');
    azure.cloud.account.acceptedTerms = ['resf/rockylinux-x86_64/9-base'];
    expect(bad(await look(named, rocky))).toEqual([]);
  });

  it('is still there and not deprecated', async () => {
    for (const one of azure.cloud.account.images)
      one.imageDeprecationStatus = {
        imageState: 'Deprecated',
        scheduledDeprecationTime: '2025-01-01T00:00:00Z',
      };
    expect((await wrong(managed()))?.detail).toContain('is deprecated');
    expect(await wrong(managed(), { id: 'Canonical:ubuntu-24_04-lts:server:1.0.0' })).toMatchObject({
      errorId: 'base-image-not-found',
    });
  });
});

describe('a connection to Azure alone', () => {
  it('works, with what builds need of the subscription', async () => {
    expect(bad(await azure.account().verify())).toEqual([]);
    azure.cloud.account.permissions = [];
    expect(bad(await azure.account().verify())).toMatchObject([
      { id: 'permissions', status: 'warn', field: '/settings/auth' },
    ]);
  });

  it('says what is wrong with its credentials (S149)', async () => {
    const account = { tenantId: '00000000-0000-4000-8000-000000000009' };
    const other = await openAzure({ account });
    expect(await other.account().verify()).toMatchObject([
      {
        id: 'credentials',
        status: 'fail',
        field: '/settings/auth',
        detail: containing('AADSTS90002'),
      },
    ]);
    await other.close();
    expect(await azure.account('azure workload-identity').verify()).toMatchObject([
      { status: 'fail', errorId: 'credentials-invalid', field: '/settings/auth' },
    ]);
  });
});
