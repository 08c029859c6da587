import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isDiskOfRun, resourcePrefix, vmName } from '../../../../../shared/platforms/azure/names.ts';
import { run } from '../../packer/fixtures.ts';
import {
  azureSnapshot,
  galleryMinimum,
  imageId,
  managedMinimum,
  otherSubscription,
  versionId,
} from './cases.ts';
import { type Azure, definition, inGroup, openAzure, tags, version } from './client-support.ts';

let azure: Azure;
beforeEach(async () => {
  azure = await openAzure();
});
afterEach(() => azure.close());

const GROUP = `goldsmith-${run.runId}`;
const vm = vmName(run.runId);
const prefix = resourcePrefix(run.runId);
const others = { ...tags, 'goldsmith:run': 'run_01JD0000000000000000OTHER1' };
/** The same run as another deployment has it: a table that was copied, say. */
const elsewhere = { ...tags, 'goldsmith:deployment': 'other' };
const DISK = 'Microsoft.Compute/disks';
const VAULT = 'Microsoft.KeyVault/vaults';
const DEPLOYMENT = 'Microsoft.Resources/deployments';
const managed = (settings: object = {}) =>
  azureSnapshot('azure-managed', { settings: { ...managedMinimum, ...settings } });
const inOwnGroup = { location: undefined, buildResourceGroupName: 'builds' };

const VM = 'Microsoft.Compute/virtualMachines';
const NIC = 'Microsoft.Network/networkInterfaces';
const IP = 'Microsoft.Network/publicIPAddresses';

/** A build VM as Packer deploys it, with what it needs, in a group. */
const placeMachine = (group: string, owner = tags) => {
  const publicId = inGroup(group, IP, `${prefix}ipabcde`);
  const card = inGroup(group, NIC, `${prefix}niabcde`);
  const properties = { privateIPAddress: '10.0.0.4', publicIPAddress: { id: publicId } };
  azure.cloud.place({ id: publicId, tags: owner, properties: { ipAddress: '192.0.2.7' } });
  azure.cloud.place({
    id: card,
    tags: owner,
    properties: { ipConfigurations: [{ name: 'ip', properties }] },
  });
  azure.cloud.place({
    id: inGroup(group, VM, vm),
    tags: owner,
    properties: { networkProfile: { networkInterfaces: [{ id: card }] } },
  });
  azure.cloud.place({ id: inGroup(group, 'Microsoft.Compute/disks', `${prefix}osabcde`) });
};

describe('the build VM of a run on Azure (S47)', () => {
  it('is found by its name and its tag, with the address that it is reached at', async () => {
    azure.cloud.place({ id: inGroup(GROUP), tags });
    placeMachine(GROUP);
    expect(await azure.client(managed()).describeBuildVm()).toEqual({
      kind: 'azure-vm',
      locator: inGroup(GROUP, VM, vm),
      region: 'westeurope',
      address: '192.0.2.7',
      user: 'packer',
    });
  });

  it('has its private address where there is no other', async () => {
    placeMachine(GROUP);
    azure.cloud.place({
      id: inGroup(GROUP, NIC, `${prefix}niabcde`),
      properties: { ipConfigurations: [{ name: 'ip', properties: { privateIPAddress: '10.0.0.4' } }] },
    });
    expect(await azure.client(managed()).describeBuildVm()).toMatchObject({ address: '10.0.0.4' });
  });

  it('is none that only has its name, and none where there is nothing', async () => {
    expect(await azure.client(managed()).describeBuildVm()).toBeUndefined();
    placeMachine('builds', others);
    expect(await azure.client(managed(inOwnGroup)).describeBuildVm()).toBeUndefined();
  });
});

describe('what a run leaves in a subscription (S47, S81, S82, S83)', () => {
  it('is its resource group, and goes with it', async () => {
    azure.cloud.place({ id: inGroup(GROUP), tags });
    placeMachine(GROUP);
    const client = azure.client(managed());
    const leftovers = await client.findLeftovers([]);
    expect(leftovers).toEqual([{ kind: 'azure-resource-group', locator: inGroup(GROUP) }]);
    for (const leftover of [...leftovers, ...leftovers]) await client.removeLeftover(leftover);
    expect(azure.cloud.ids()).toEqual([]);
    expect(await client.findLeftovers([])).toEqual([]);
    expect(azure.cloud.calls.some(({ path }) => path.includes('operationresults'))).toBe(true);
  });

  it('in a group that stays is what carries its tag, and its disks, in an order in which it can be deleted', async () => {
    placeMachine('builds');
    azure.cloud.place({ id: inGroup('builds', 'Microsoft.Compute/disks', 'data-of-somebody') });
    azure.cloud.place({ id: inGroup('builds', IP, 'address-of-somebody'), tags: others });
    const client = azure.client(managed(inOwnGroup));
    const leftovers = await client.findLeftovers([]);
    expect(leftovers.map(({ kind }) => kind)).toEqual([
      'azure-vm',
      'azure-network-interface',
      'azure-public-ip-address',
      'azure-disk',
    ]);
    for (const leftover of leftovers) await client.removeLeftover(leftover);
    expect(azure.cloud.ids()).toEqual([
      inGroup('builds'),
      inGroup('builds', 'Microsoft.Compute/disks', 'data-of-somebody'),
      inGroup('builds', IP, 'address-of-somebody'),
    ]);
  });

  it('in a group that stays is also a key vault and the deployments of Packer, and nothing else there is touched', async () => {
    placeMachine('builds');
    azure.cloud.place({ id: inGroup('builds', VAULT, `${prefix}kvabcde`), tags });
    for (const name of [`${prefix}dpabcde`, `kv${prefix}dpabcde`])
      azure.cloud.place({ id: inGroup('builds', DEPLOYMENT, name) });
    const theirs = [
      inGroup('builds', DEPLOYMENT, 'web-release'),
      inGroup('builds', DEPLOYMENT, `${resourcePrefix('run_01JD0000000000000000OTHER1')}dpabcde`),
      inGroup('builds', DISK, `${prefix}osabcde-of-somebody`),
      inGroup('other-builds', DISK, `${prefix}osabcde`),
    ];
    azure.cloud.place({ id: inGroup('other-builds') });
    for (const id of theirs) azure.cloud.place({ id });
    const tagged = [inGroup('builds', IP, 'a'), inGroup('builds', NIC, 'b'), inGroup('builds', VAULT, 'c')];
    for (const id of tagged) azure.cloud.place({ id, tags: elsewhere });
    const client = azure.client(managed(inOwnGroup));
    const leftovers = await client.findLeftovers([]);
    expect(leftovers.map(({ kind }) => kind)).toEqual([
      'azure-vm',
      'azure-network-interface',
      'azure-public-ip-address',
      'azure-key-vault',
      'azure-disk',
      'azure-deployment',
      'azure-deployment',
    ]);
    for (const leftover of [...leftovers, ...leftovers]) await client.removeLeftover(leftover);
    expect(await client.findLeftovers([])).toEqual([]);
    const left = [inGroup('builds'), inGroup('other-builds'), ...theirs, ...tagged];
    expect(new Set(azure.cloud.ids())).toEqual(new Set(left));
  });

  it('is found on every page of the deployments of a group', async () => {
    azure.cloud.place({ id: inGroup('builds', DEPLOYMENT, `${prefix}dpabcde`) });
    const next = `https://management.azure.com${inGroup('builds')}/providers/${DEPLOYMENT}?%24skiptoken=a%2Bb%3D&api-version=2021-04-01`;
    const asked: string[] = [];
    azure.cloud.disturb({
      when: ({ path }) => path.endsWith('/deployments') && asked.push(path) === 1,
      answer: { status: 200, body: { value: [], nextLink: next } },
    });
    const found = await azure.client(managed(inOwnGroup)).findLeftovers([]);
    expect(found.map(({ kind }) => kind)).toEqual(['azure-deployment']);
    expect(asked).toHaveLength(2);
  });

  it('is nothing where somebody deleted the group that stays', async () => {
    expect(await azure.client(managed(inOwnGroup)).findLeftovers([])).toEqual([]);
  });

  it('is nothing that another deployment made for the same run, nor can it be removed', async () => {
    azure.cloud.place({ id: inGroup(GROUP), tags: elsewhere });
    azure.cloud.place({ id: inGroup('builds', VM, vm), tags: elsewhere });
    azure.cloud.place({ id: imageId, tags: elsewhere });
    const client = azure.client(managed(inOwnGroup));
    expect(await client.describeBuildVm()).toBeUndefined();
    expect((await client.findLeftovers([])).map(({ kind }) => kind)).toEqual([]);
    for (const leftover of [
      { kind: 'azure-resource-group', locator: inGroup(GROUP) },
      { kind: 'azure-vm', locator: inGroup('builds', VM, vm) },
      { kind: 'azure-image', locator: imageId },
      { kind: 'azure-deployment', locator: inGroup('builds', DEPLOYMENT, 'web-release') },
    ]) {
      if (leftover.kind === 'azure-deployment') azure.cloud.place({ id: leftover.locator });
      await expect(client.removeLeftover(leftover)).rejects.toThrow('is nothing of this run');
    }
  });

  it('is also an image that it made before it failed, and a version in a gallery of another subscription (S128)', async () => {
    azure.cloud.place({ id: imageId, tags });
    const managedClient = azure.client(managed());
    expect(await managedClient.findLeftovers([])).toEqual([{ kind: 'azure-image', locator: imageId }]);
    const image = versionId('golden.images', otherSubscription).replace('/versions/7.0.0', '');
    azure.cloud.place({ id: image, properties: definition() });
    azure.cloud.place({ id: versionId('golden.images', otherSubscription), tags, properties: version() });
    const destination = { ...galleryMinimum.sharedImageGalleryDestination, subscription: otherSubscription };
    const settings = { ...galleryMinimum, sharedImageGalleryDestination: destination };
    const client = azure.client(azureSnapshot('azure-gallery', { settings }));
    const leftovers = await client.findLeftovers([]);
    expect(leftovers).toEqual([
      { kind: 'azure-gallery-image-version', locator: versionId('golden.images', otherSubscription) },
      { kind: 'azure-image', locator: imageId },
    ]);
    for (const leftover of leftovers) await client.removeLeftover(leftover);
    expect(azure.cloud.find(imageId)).toBeUndefined();
    expect(azure.cloud.find(versionId('golden.images', otherSubscription))).toBeUndefined();
    expect(azure.cloud.find(image)).toBeDefined();
  });

  it('is nothing that another run or a person has there, whatever it is called', async () => {
    azure.cloud.place({ id: inGroup(GROUP), tags: { team: 'web' } });
    azure.cloud.place({ id: imageId, tags: others });
    const client = azure.client(managed());
    expect(await client.findLeftovers([{ kind: 'azure-image', id: imageId }])).toEqual([]);
  });

  it('cannot be made to be anything else: what does not carry the tag is not deleted', async () => {
    azure.cloud.place({ id: inGroup(GROUP), tags: { team: 'web' } });
    azure.cloud.place({ id: inGroup('images'), tags });
    azure.cloud.place({ id: imageId, tags: others });
    azure.cloud.place({ id: inGroup('builds', 'Microsoft.Compute/disks', 'data-of-somebody'), tags: {} });
    const before = azure.cloud.ids();
    const client = azure.client(managed());
    const forged = [
      { kind: 'azure-resource-group', locator: GROUP },
      { kind: 'azure-resource-group', locator: inGroup('images') },
      { kind: 'azure-image', locator: imageId },
      { kind: 'azure-vm', locator: imageId },
      { kind: 'azure-disk', locator: inGroup('builds', 'Microsoft.Compute/disks', 'data-of-somebody') },
      { kind: 'azure-vm', locator: 'nonsense' },
      { kind: 'anything', locator: '/subscriptions/x/resourceGroups/y/providers/Microsoft.Sql/servers/z' },
    ];
    for (const leftover of forged)
      await expect(client.removeLeftover(leftover)).rejects.toThrow('is nothing of this run');
    expect(azure.cloud.ids()).toEqual(before);
  });

  it('that is gone meanwhile is a success', async () => {
    const client = azure.client(managed());
    for (const leftover of [
      { kind: 'azure-resource-group', locator: GROUP },
      { kind: 'azure-image', locator: imageId },
      { kind: 'azure-disk', locator: inGroup('builds', 'Microsoft.Compute/disks', `${prefix}osabcde`) },
    ])
      await expect(client.removeLeftover(leftover)).resolves.toBeUndefined();
  });

  it('that Azure does not let go is an error (S150)', async () => {
    azure.cloud.place({ id: inGroup(GROUP), tags });
    azure.cloud.disturb({
      when: ({ method }) => method === 'DELETE',
      answer: {
        status: 409,
        body: { error: { code: 'ScopeLocked', message: 'The scope cannot perform delete operation.' } },
      },
    });
    const { removeLeftover } = azure.client(managed());
    await expect(removeLeftover({ kind: 'azure-resource-group', locator: inGroup(GROUP) })).rejects.toThrow(
      'ScopeLocked',
    );
  });
});

describe('names of what a run makes on Azure', () => {
  it('come from the run, and are no longer than Azure and Windows take', () => {
    expect(vm).toMatch(/^gs[a-z0-9]{13}$/);
    expect(prefix).toMatch(/^g[a-z0-9]{9}$/);
  });

  it('tell disks of the run from all others', () => {
    const own = [`${prefix}osabcde`, `${prefix}ddabcde-1`, `${prefix}ddabcde-64`];
    const foreign = [
      'os',
      `${prefix}os`,
      `${prefix}vmabcde`,
      `x${prefix}osabcde`,
      `${prefix}osabcde-of-somebody`,
    ];
    expect(own.filter((name) => isDiskOfRun(name, run.runId))).toEqual(own);
    expect(foreign.filter((name) => isDiskOfRun(name, run.runId))).toEqual([]);
  });
});
