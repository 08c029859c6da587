import { describe, expect, it } from 'vitest';
import type { BaseImage, Locator } from '../../../../../shared/contracts/entities/image-version.ts';
import {
  azureGallerySettings,
  azureManagedSettings,
} from '../../../../../shared/contracts/platforms/azure.ts';
import { secretStored } from '../../../../../shared/contracts/secret.ts';
import type { AzureSnapshot } from '../../../../../shared/platforms/azure/base-image.ts';
import { azure } from '../../../../../shared/platforms/azure/index.ts';
import { withGeneralise } from '../../../../../shared/platforms/generalise.ts';
import { run } from '../../packer/fixtures.ts';
import {
  azureSnapshot,
  cases,
  galleryLocator,
  galleryMinimum,
  managedLocator,
  managedMinimum,
  otherSubscription,
  subscriptionId,
  ubuntu,
  versionId,
} from './cases.ts';

type Parts = Parameters<typeof azureSnapshot>[1];
const managed = (settings: object = {}, parts: Parts = {}) =>
  azureSnapshot('azure-managed', { settings: { ...managedMinimum, ...settings }, ...parts });
const gallery = (settings: object = {}, parts: Parts = {}) =>
  azureSnapshot('azure-gallery', { settings: { ...galleryMinimum, ...settings }, ...parts });
const bodyOf = (snapshot: AzureSnapshot, generation: '1.6' | 'modern' = 'modern', baseImage?: BaseImage) =>
  azure.source({ run, snapshot, generation, baseImage }).body;

const layered = (locators: Locator[], builder = managed()): AzureSnapshot => {
  const imageDefinitionId = `def_${'0'.repeat(26)}`;
  const system = managed({}, { image: { type: 'image-definition', imageDefinitionId } }).operatingSystem;
  const layer = {
    imageDefinitionId,
    imageVersionId: `ver_${'0'.repeat(26)}`,
    name: 'Base-v3',
    createdAt: '2026-01-01T00:00:00.000Z',
    locators,
  };
  return { ...builder, operatingSystem: system, layer };
};

describe('settings of a builder on Azure', () => {
  const snakeCase = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const secret = secretStored;
  const schemas = {
    'azure-managed': azureManagedSettings(secret),
    'azure-gallery': azureGallerySettings(secret),
  };

  it.each(['azure-managed', 'azure-gallery'] as const)(
    'of %s all reach the template: each one that a case sets is an argument there',
    (builderType) => {
      const own = cases.filter(({ snapshot }) => snapshot.builderConfiguration.builderType === builderType);
      const reached = own.flatMap(({ snapshot, baseImage }) => {
        const body = azure.source({ run, snapshot, baseImage, generation: 'modern' }).body;
        const set = Object.keys(snapshot.builderConfiguration.settings);
        return set.filter((name) => body[snakeCase(name)] !== undefined);
      });
      expect(new Set(reached)).toEqual(new Set(Object.keys(schemas[builderType].shape)));
    },
  );

  it('of a gallery reach its block too', () => {
    const { shape } = schemas['azure-gallery'].shape.sharedImageGalleryDestination;
    const blocks = cases.flatMap(({ snapshot, baseImage }) => {
      const block = azure.source({ run, snapshot, baseImage, generation: 'modern' }).body[
        'shared_image_gallery_destination'
      ];
      return typeof block === 'object' ? Object.entries(block) : [];
    });
    const given = blocks.flatMap(([name, value]) => (value === undefined ? [] : name));
    expect(new Set(given)).toEqual(
      new Set([...Object.keys(shape).map(snakeCase), 'image_name', 'image_version']),
    );
  });
});

describe('the image that a run makes on Azure', () => {
  it('is a managed image named after the run (S126, S131)', () => {
    expect(bodyOf(managed())).toMatchObject({
      managed_image_name: 'Web-Base-v7',
      managed_image_resource_group_name: 'images',
    });
    expect(bodyOf(managed())).not.toHaveProperty('shared_image_gallery_destination');
  });

  it('is a version of a gallery image in all its regions: successive runs add versions (S134, S135, S136)', () => {
    const body = bodyOf(gallery());
    expect(body['shared_image_gallery_destination']).toMatchObject({
      subscription: subscriptionId,
      gallery_name: 'golden.images',
      image_name: 'Web-Base',
      image_version: '7.0.0',
      replication_regions: ['West Europe', 'North Europe'],
    });
    expect(body).not.toHaveProperty('managed_image_name');
  });

  it('ends its life at the same moment, whatever the time zone it was written in', () => {
    const date = { sharedGalleryImageVersionEndOfLifeDate: '2030-01-01T01:30:00+01:30' };
    expect(bodyOf(gallery(date))).toMatchObject({
      shared_gallery_image_version_end_of_life_date: '2030-01-01T00:00:00.000Z',
    });
  });
});

describe('the base image of a template for Azure', () => {
  it('is the newest one where nobody looked it up', () => {
    expect(bodyOf(managed())).toMatchObject({ image_offer: 'ubuntu-24_04-lts', image_version: 'latest' });
    const image = { type: 'azure-gallery-image', imageVersionId: versionId().replace('7.0.0', 'latest') };
    const block = bodyOf(managed({}, { image }))['shared_image_gallery'];
    expect(block).toMatchObject({ gallery_name: 'golden.images', image_name: 'Web-Base' });
    expect(block).toHaveProperty('image_version', undefined);
  });

  it('is of a gallery that is shared directly or with everybody, as the plugin wants it', () => {
    const of = (list: string, number: string) =>
      bodyOf(
        managed(
          {},
          {
            image: { type: 'azure-gallery-image', imageVersionId: `/${list}/g/images/i/versions/${number}` },
          },
        ),
      )['shared_image_gallery'];
    expect(of('sharedGalleries', '1.0.0')).toEqual({
      direct_shared_gallery_image_id: '/SharedGalleries/g/Images/i/Versions/1.0.0',
    });
    expect(of('communityGalleries', 'latest')).toEqual({
      community_gallery_image_id: '/CommunityGalleries/g/Images/i',
    });
  });

  it('has its plan named', () => {
    const plan = { name: '9-base', product: 'rockylinux-x86_64', publisher: 'resf' };
    expect(bodyOf(managed({}, { image: { ...ubuntu, plan } }))['plan_info']).toEqual({
      plan_name: '9-base',
      plan_product: 'rockylinux-x86_64',
      plan_publisher: 'resf',
    });
  });

  it('is the image of the layer, of its gallery before its managed one (S19)', () => {
    expect(bodyOf(layered([managedLocator]))).toMatchObject({
      custom_managed_image_name: 'Web-Base-v7',
      custom_managed_image_resource_group_name: 'images',
    });
    expect(bodyOf(layered([managedLocator, galleryLocator]))['shared_image_gallery']).toMatchObject({
      image_version: '7.0.0',
    });
    const foreign = { ...managedLocator, subscriptionId: otherSubscription };
    expect(() => bodyOf(layered([foreign]))).toThrow(`is in the subscription ${otherSubscription}`);
    expect(() => bodyOf(layered([]))).toThrow('Base-v3 has no image on Azure');
  });

  it('that is a managed image goes into a gallery through another one, which goes with the build', () => {
    const body = bodyOf(layered([managedLocator], gallery()));
    expect(body).toMatchObject({
      managed_image_resource_group_name: body['temp_resource_group_name'],
      managed_image_name: 'Web-Base-v7',
    });
    const secure = gallery({ securityType: 'TrustedLaunch', secureBootEnabled: true, vtpmEnabled: true });
    expect(() => bodyOf(layered([managedLocator], secure))).toThrow('builds through another managed image');
  });
});

describe('what Packer 1.6 cannot do on Azure', () => {
  const refused = { errorId: 'packer-too-old' };
  const tried = (snapshot: AzureSnapshot) => () => bodyOf(snapshot, '1.6');

  it.each([
    ['diskControllerType', managed({ diskControllerType: 'SCSI' })],
    ['publicIpSku Standard', managed({ publicIpSku: 'Standard' })],
    ['acceleratedNetworking', managed({ acceleratedNetworking: false })],
    ['encryptionAtHost', managed({ encryptionAtHost: true })],
    ['licenseType', managed({ licenseType: 'RHEL_BYOS' })],
    ['spot', managed({ spot: { evictionPolicy: 'Delete' } })],
    ['StandardSSD_LRS', managed({ managedImageStorageAccountType: 'StandardSSD_LRS' })],
    ['workload identity', managed({}, { connection: 'azure workload-identity' })],
    ['securityType', gallery({ securityType: 'TrustedLaunch', secureBootEnabled: true, vtpmEnabled: true })],
    ['secureBootEnabled', gallery({ secureBootEnabled: true })],
    [
      'diskEncryptionSetId',
      gallery({
        diskEncryptionSetId:
          '/subscriptions/x/resourceGroups/y/providers/Microsoft.Compute/diskEncryptionSets/z',
      }),
    ],
    ['more than 10 replicas', gallery({ sharedImageGalleryReplicaCount: 11 })],
  ])('is refused by name: %s', (name, snapshot) => {
    expect(tried(snapshot)).toThrow(expect.objectContaining(refused));
    expect(tried(snapshot)).toThrow(name);
    expect(() => bodyOf(snapshot, 'modern')).not.toThrow();
  });

  it.each([
    ['storageAccountType', { storageAccountType: 'Premium_LRS' }],
    ['specialized', { specialized: true }],
    ['useShallowReplication', { replicationRegions: undefined, useShallowReplication: true }],
    [
      'replicas that differ',
      {
        replicationRegions: undefined,
        targetRegion: [{ name: 'westeurope', replicas: 2 }, { name: 'northeurope' }],
      },
    ],
  ])('is refused by name: %s of the gallery', (name, fields) => {
    const to = { ...galleryMinimum.sharedImageGalleryDestination, ...fields };
    expect(tried(gallery({ sharedImageGalleryDestination: to }))).toThrow(name);
  });

  it('names everything at once', () => {
    expect(tried(managed({ encryptionAtHost: true, licenseType: 'RHEL_BYOS' }))).toThrow(
      'encryptionAtHost, licenseType',
    );
  });

  it('is done another way where there is one: equal replicas of regions, and a managed image on the way', () => {
    const targetRegion = [
      { name: 'westeurope', replicas: 2 },
      { name: 'northeurope', replicas: 2 },
    ];
    const to = {
      ...galleryMinimum.sharedImageGalleryDestination,
      replicationRegions: undefined,
      targetRegion,
    };
    const body = bodyOf(gallery({ sharedImageGalleryDestination: to }), '1.6');
    expect(body).toMatchObject({
      shared_image_gallery_destination: { replication_regions: ['westeurope', 'northeurope'] },
      shared_image_gallery_replica_count: 2,
      managed_image_resource_group_name: 'images',
      managed_image_name: 'Web-Base-v7',
    });
  });

  it('needs a place for that managed image: the group of the build, else that of the gallery, if it is near', () => {
    const elsewhere = { ...galleryMinimum.sharedImageGalleryDestination, subscription: otherSubscription };
    expect(tried(gallery({ sharedImageGalleryDestination: elsewhere }))).toThrow(
      expect.objectContaining(refused),
    );
    const own = { location: undefined, buildResourceGroupName: 'builds' };
    const body = bodyOf(gallery({ sharedImageGalleryDestination: elsewhere, ...own }), '1.6');
    expect(body).toMatchObject({ managed_image_resource_group_name: 'builds' });
    const spoken = { ...galleryMinimum.sharedImageGalleryDestination, replicationRegions: undefined };
    expect(tried(gallery({ sharedImageGalleryDestination: spoken, ...own }))).toThrow(
      'without replicationRegions',
    );
  });
});

describe('names and tags of what a run makes on Azure', () => {
  it('lead back to the run, in a resource group of its own or in one that stays', () => {
    const body = bodyOf(managed());
    expect(body).toMatchObject({
      temp_resource_group_name: `goldsmith-${run.runId}`,
      temp_compute_name: 'gs00000000000rn',
      custom_resource_build_prefix: 'g0000000rn',
    });
    const own = bodyOf(managed({ location: undefined, buildResourceGroupName: 'builds' }));
    expect(own).toMatchObject({ build_resource_group_name: 'builds', temp_resource_group_name: undefined });
  });

  it('are one list, in which the tags of the run win whatever their capitals', () => {
    const { connection } = managed();
    const tags = { 'Goldsmith:Run': 'forged', purpose: 'image', team: 'web' };
    const snapshot = { ...managed(), connection: { ...connection, imageTags: tags } };
    expect(bodyOf(snapshot)['azure_tags']).toEqual({
      'goldsmith:deployment': 'dep-1',
      'goldsmith:workspace': run.workspaceId,
      'goldsmith:definition': run.definitionId,
      'goldsmith:run': run.runId,
      purpose: 'image',
      team: 'web',
    });
  });

  it('are at most fifty, as Azure wants it', () => {
    const { connection } = managed();
    const many = (count: number, of: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, place) => [`${of}${place}`, 'x']));
    const tagged = (count: number) => ({
      ...managed(),
      connection: { ...connection, imageTags: many(40, 'i'), temporaryResourceTags: many(count, 't') },
    });
    expect(Object.keys(bodyOf(tagged(6))['azure_tags'] ?? {})).toHaveLength(50);
    expect(() => bodyOf(tagged(7))).toThrow('are 51 tags');
  });
});

describe('logging in to a build VM on Azure', () => {
  it('is by a key of Packer and the user packer where nobody says otherwise', () => {
    expect(bodyOf(managed())).toMatchObject({
      communicator: 'ssh',
      ssh_username: 'packer',
      os_type: 'Linux',
    });
    expect(azure.buildSite(managed())).toEqual({ user: 'packer', region: 'West Europe' });
    const access = { communicator: 'ssh', username: 'azureuser' };
    expect(azure.buildSite(managed({}, { image: { ...ubuntu, access } })).user).toBe('azureuser');
  });

  it('is by WinRM over TLS to Windows, which ends with the generalise step (S85, S88)', () => {
    const windows = managed({}, { windows: true });
    expect(bodyOf(windows)).toMatchObject({
      communicator: 'winrm',
      winrm_username: 'packer',
      winrm_use_ssl: true,
      winrm_insecure: true,
      os_type: 'Windows',
    });
    expect(withGeneralise(windows).steps.at(-1)?.provisioner.name).toBe('Sysprep for Azure');
    expect(withGeneralise(managed()).steps).toEqual(managed().steps);
  });

  it('is never by WinRM to Linux', () => {
    const access = { communicator: 'winrm', username: 'azureuser' };
    expect(() => bodyOf(managed({}, { image: { ...ubuntu, access } }))).toThrow(
      'Linux, which is reached by SSH',
    );
  });
});

describe('what else Packer would get wrong on Azure', () => {
  it('is a subnet that it would look for although its network is named exactly', () => {
    const half = managed({ virtualNetworkName: 'build-net', virtualNetworkResourceGroupName: 'network' });
    expect(() => bodyOf(half)).toThrow('needs virtualNetworkSubnetName');
  });

  it('is a public address beside a network of its own', () => {
    const network = { virtualNetworkName: 'build-net', publicIpSku: 'Basic' };
    expect(bodyOf(managed(network))).toMatchObject({ public_ip_sku: undefined });
    expect(bodyOf(managed({ publicIpSku: 'Basic' }))).toMatchObject({ public_ip_sku: 'Basic' });
  });
});

describe('credentials of a template for Azure', () => {
  it('are a secret variable, or come from the runner', () => {
    expect(azure.credentials(managed())).toBe('none');
    expect(azure.secrets(managed())).toMatchObject([{ variable: 'client_secret', kind: 'connection' }]);
    const identity = managed({}, { connection: 'azure workload-identity' });
    expect(azure.credentials(identity)).toBe('identity');
    expect(azure.secrets(identity)).toEqual([]);
    expect(azure.source({ run, snapshot: identity, generation: 'modern' }).variables).toEqual([
      { name: 'identity_url', from: 'runner' },
      { name: 'identity_token', from: 'runner' },
    ]);
  });
});
