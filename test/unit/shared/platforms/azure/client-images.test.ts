import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Locator } from '../../../../../shared/contracts/entities/image-version.ts';
import { containing } from '../../../../support/matchers.ts';
import {
  azureSnapshot,
  galleryLocator,
  galleryMinimum,
  managedLocator,
  managedMinimum,
  ubuntu,
  versionId,
} from './cases.ts';
import { type Azure, definition, inGroup, openAzure, version } from './client-support.ts';

let azure: Azure;
beforeEach(async () => {
  azure = await openAzure();
});
afterEach(() => azure.close());

const managed = (image: object = ubuntu, fields: object = {}) =>
  azureSnapshot('azure-managed', { settings: managedMinimum, image, fields });
const resolve = (image?: object, fields: object = {}) =>
  azure.client(managed(image, fields)).resolveBaseImage();
const notFound = { errorId: 'base-image-not-found' };

const GALLERY = 'Microsoft.Compute/galleries';
const placeVersion = (number: string, fields: object = {}, more: object = {}) => {
  const image = `${inGroup('images', GALLERY, 'base.images')}/images/Web-Base`;
  azure.cloud.place({ id: image, properties: definition(more) });
  azure.cloud.place({ id: `${image}/versions/${number}`, properties: version(fields) });
};
const galleryImage = (number: string) => ({
  type: 'azure-gallery-image',
  imageVersionId: versionId('base.images').replace('7.0.0', number),
});

describe('the base image of a run on Azure (S162, S164)', () => {
  it('is the newest version of the marketplace, by number and not by text', async () => {
    expect(await resolve()).toEqual({ id: 'Canonical:ubuntu-24_04-lts:server:24.04.202611010' });
    azure.cloud.account.images = ['24.04.9', '24.04.10', '24.04.8'].map((number) => ({
      ...ubuntu,
      type: undefined,
      version: number,
      operatingSystem: 'Linux',
      hyperVGeneration: 'V2',
      architecture: 'x64',
    }));
    expect(await resolve()).toMatchObject({ id: 'Canonical:ubuntu-24_04-lts:server:24.04.10' });
  });

  it('is exactly the version that is named', async () => {
    const { id } = await resolve({ ...ubuntu, version: '24.4.9' });
    expect(id).toBe('Canonical:ubuntu-24_04-lts:server:24.4.9');
    await expect(resolve({ ...ubuntu, version: '1.0.0' })).rejects.toMatchObject(notFound);
    await expect(resolve({ ...ubuntu, sku: 'desktop' })).rejects.toMatchObject(notFound);
  });

  it('says from when the marketplace calls it deprecated', async () => {
    for (const image of azure.cloud.account.images)
      image.imageDeprecationStatus = {
        imageState: 'ScheduledForDeprecation',
        scheduledDeprecationTime: '2027-01-13T00:00:00+00:00',
      };
    expect(await resolve()).toMatchObject({ deprecatedAt: '2027-01-13T00:00:00.000Z' });
  });

  it('of another processor or system than the operating system says is refused', async () => {
    for (const image of azure.cloud.account.images) image.architecture = 'Arm64';
    await expect(resolve()).rejects.toMatchObject({ errorId: 'base-image-mismatch' });
    for (const image of azure.cloud.account.images) {
      image.architecture = 'x64';
      image.operatingSystem = 'Windows';
    }
    await expect(resolve()).rejects.toThrow('holds Windows, the operating system says linux');
  });

  it('is the newest version of a gallery that is ready, meant to be the newest and in the region', async () => {
    placeVersion('9.0.0');
    placeVersion('10.0.0');
    placeVersion('11.0.0', { excludeFromLatest: true });
    placeVersion('12.0.0', { targetRegions: [{ name: 'North Europe' }] });
    const found = await resolve(galleryImage('latest'));
    expect(found.id).toBe(versionId('base.images').replace('7.0.0', '10.0.0'));
    expect(found.createdAt).toBe('2026-01-01T00:00:00.000Z');
  });

  it('of a gallery must be in the region of the build', async () => {
    placeVersion('12.0.0', { targetRegions: [{ name: 'North Europe' }] });
    await expect(resolve(galleryImage('12.0.0'))).rejects.toThrow(
      'is not in westeurope, only in northeurope',
    );
    await expect(resolve(galleryImage('13.0.0'))).rejects.toMatchObject(notFound);
    await expect(resolve(galleryImage('latest'))).rejects.toMatchObject(notFound);
  });

  it('is the image of the layer: of its gallery, else its managed image in that region', async () => {
    const layer = (locators: Locator[]) => ({
      operatingSystem: managed({ type: 'image-definition', imageDefinitionId: `def_${'0'.repeat(26)}` })
        .operatingSystem,
      layer: {
        imageDefinitionId: `def_${'0'.repeat(26)}`,
        imageVersionId: `ver_${'0'.repeat(26)}`,
        name: 'Web-Base-v7',
        createdAt: '2026-01-01T00:00:00.000Z',
        locators,
      },
    });
    azure.cloud.place({
      id: managedLocator.resourceId,
      properties: { storageProfile: { osDisk: { osType: 'Linux' } }, hyperVGeneration: 'V2' },
    });
    const { imageVersionId } = layer([]).layer;
    expect(await resolve(ubuntu, layer([managedLocator]))).toEqual({
      id: managedLocator.resourceId,
      imageVersionId,
    });
    const image = `${inGroup('images', GALLERY, 'golden.images')}/images/Web-Base`;
    azure.cloud.place({ id: image, properties: definition() });
    azure.cloud.place({ id: versionId(), properties: version() });
    expect((await resolve(ubuntu, layer([managedLocator, galleryLocator]))).id).toBe(versionId());
    await expect(resolve(ubuntu, layer([]))).rejects.toThrow('Web-Base-v7 has no image on Azure');
  });

  it('is looked up where the build is: in the region of the group that it builds in', async () => {
    azure.cloud.place({ id: inGroup('builds'), location: 'northeurope' });
    const settings = { ...managedMinimum, location: undefined, buildResourceGroupName: 'builds' };
    await azure.client(azureSnapshot('azure-managed', { settings })).resolveBaseImage();
    const paths = azure.cloud.calls.map(({ path }) => path).filter((path) => path.includes('vmimage'));
    expect(paths.every((path) => path.includes('/locations/northeurope/'))).toBe(true);
  });

  it('cannot be looked up in a group that is not there', async () => {
    const settings = { ...managedMinimum, location: undefined, buildResourceGroupName: 'none' };
    const { resolveBaseImage } = azure.client(azureSnapshot('azure-managed', { settings }));
    await expect(resolveBaseImage()).rejects.toMatchObject({
      errorId: 'resource-group-not-found',
      field: '/builderConfiguration/settings/buildResourceGroupName',
    });
  });
});

describe('where the images of a run are (S129, S131, S134, S136)', () => {
  it('is told of those that are there and ready, with the regions that they are in', async () => {
    azure.cloud.place({ id: managedLocator.resourceId });
    const image = `${inGroup('images', GALLERY, 'golden.images')}/images/Web-Base`;
    azure.cloud.place({ id: image, properties: definition() });
    azure.cloud.place({ id: versionId(), properties: version() });
    const gone: Locator[] = [
      { ...managedLocator, imageName: 'Web-Base-v8' },
      { ...galleryLocator, version: '8.0.0' },
    ];
    const client = azure.client(azureSnapshot('azure-gallery', { settings: galleryMinimum }));
    expect(await client.locate([managedLocator, galleryLocator, ...gone])).toEqual([
      managedLocator,
      { ...galleryLocator, regions: ['westeurope'] },
    ]);
  });

  it('is not told of what is still being made, or failed', async () => {
    for (const provisioningState of ['Creating', 'Failed']) {
      azure.cloud.place({ id: managedLocator.resourceId, properties: { provisioningState } });
      expect(await azure.client(managed()).locate([managedLocator])).toEqual([]);
    }
  });

  it('is asked in the subscription of the connection', async () => {
    expect(await azure.client(managed()).accountId()).toBe(managedLocator.subscriptionId);
    expect(azure.cloud.calls).toEqual([]);
  });

  it('is an error when Azure does not let anybody look (S150)', async () => {
    azure.cloud.disturb({
      when: ({ path }) => path.includes('/images/'),
      answer: {
        status: 403,
        body: {
          error: {
            code: 'AuthorizationFailed',
            message:
              "The client does not have authorization to perform action 'Microsoft.Compute/images/read'.",
          },
        },
      },
    });
    await expect(azure.client(managed()).locate([managedLocator])).rejects.toMatchObject({
      errorId: 'permission-denied',
      message: containing('Microsoft.Compute/images/read'),
    });
  });
});

describe('the credentials of a connection to Azure (S149)', () => {
  it('refused, are told in the words of Microsoft Entra', async () => {
    const other = await openAzure({ secret: 'another-secret' });
    const { resolveBaseImage } = other.client(managed());
    await expect(resolveBaseImage()).rejects.toMatchObject({
      errorId: 'credentials-invalid',
      message: containing('AADSTS7000215'),
    });
    await other.close();
  });

  it('are a token of this deployment where the connection has a workload identity', async () => {
    const snapshot = azureSnapshot('azure-managed', {
      settings: managedMinimum,
      connection: 'azure workload-identity',
    });
    const other = await openAzure({ identityToken: () => Promise.resolve('local-client-assertion') });
    expect((await other.client(snapshot).resolveBaseImage()).id).toMatch(/^Canonical:/);
    await other.close();
    const { resolveBaseImage } = azure.client(snapshot);
    await expect(resolveBaseImage()).rejects.toMatchObject({ errorId: 'credentials-invalid' });
  });

  it('are asked for in the cloud of the builder', async () => {
    const settings = { ...managedMinimum, cloudEnvironmentName: 'USGovernment' };
    await azure.client(azureSnapshot('azure-managed', { settings })).resolveBaseImage();
    expect(new Set(azure.cloud.calls.map(({ host }) => host))).toEqual(
      new Set(['login.microsoftonline.us', 'management.usgovcloudapi.net']),
    );
  });

  it('cannot be shown where Azure is not reachable', async () => {
    const other = await openAzure();
    const { resolveBaseImage } = other.client(managed());
    await other.close();
    await expect(resolveBaseImage()).rejects.toMatchObject({ errorId: 'platform-unreachable' });
  });
});
