import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourcePrefix } from '../../../../../shared/platforms/azure/names.ts';
import { run } from '../../packer/fixtures.ts';
import { imageId, subscriptionId } from './cases.ts';
import { type Azure, inGroup, openAzure, tags } from './client-support.ts';

let azure: Azure;
beforeEach(async () => {
  azure = await openAzure();
});
afterEach(() => azure.close());

const owner = { deploymentId: run.deploymentId, workspaceId: run.workspaceId };
const GROUP = `goldsmith-${run.runId}`;
const CARD = 'Microsoft.Network/networkInterfaces';
const found = async () => azure.account().inventory.findTagged(owner, []);
const locators = async () => (await found()).map(({ kind, locator }) => `${kind} ${locator}`);

describe('what carries the tags of a workspace of this deployment in a subscription (N1)', () => {
  it('is groups, resources outside of them and images, each with its run', async () => {
    azure.cloud.place({ id: inGroup(GROUP), tags });
    azure.cloud.place({ id: inGroup(GROUP, CARD, 'inside'), tags });
    azure.cloud.place({ id: inGroup('builds', CARD, 'card'), tags });
    azure.cloud.place({ id: imageId, tags });
    expect((await found()).map(({ kind, runId, isImage }) => [kind, runId, isImage])).toEqual([
      ['azure-resource-group', run.runId, false],
      ['azure-network-interface', run.runId, false],
      ['azure-image', run.runId, true],
    ]);
  });

  it('is nothing of another deployment or workspace, nothing without a run, and no group of another name', async () => {
    azure.cloud.place({
      id: inGroup('builds', CARD, 'a'),
      tags: { ...tags, 'goldsmith:deployment': 'other' },
    });
    azure.cloud.place({
      id: inGroup('builds', CARD, 'b'),
      tags: { ...tags, 'goldsmith:workspace': 'ws_other' },
    });
    const { 'goldsmith:run': _run, ...ofNoRun } = tags;
    azure.cloud.place({ id: inGroup('builds', CARD, 'c'), tags: ofNoRun });
    azure.cloud.place({ id: inGroup('builds', CARD, 'd') });
    azure.cloud.place({ id: inGroup('images'), tags });
    azure.cloud.place({ id: inGroup('builds', 'Microsoft.Sql/servers', 'database'), tags });
    expect(await locators()).toEqual([]);
  });

  it('goes away when it is removed, and nothing else does; twice is fine', async () => {
    azure.cloud.place({ id: inGroup(GROUP), tags });
    azure.cloud.place({ id: inGroup(GROUP, CARD, 'inside'), tags });
    azure.cloud.place({ id: inGroup('builds', CARD, 'theirs') });
    const all = await found();
    for (const one of [...all, ...all]) await one.remove();
    expect(await locators()).toEqual([]);
    expect(azure.cloud.ids()).toContain(inGroup('builds', CARD, 'theirs'));
  });

  it('is the disk of a machine and the deployments that made it, by their names, in a group that stays', async () => {
    const prefix = resourcePrefix(run.runId);
    const DISK = 'Microsoft.Compute/disks';
    const DEPLOYMENT = 'Microsoft.Resources/deployments';
    azure.cloud.place({ id: inGroup('builds', 'Microsoft.Compute/virtualMachines', 'vm'), tags });
    for (const [type, name] of [
      [DISK, `${prefix}osabcde`],
      [DISK, `${prefix}ddabcde-1`],
      [DISK, 'data-of-somebody'],
      [DEPLOYMENT, `${prefix}dpabcde`],
      [DEPLOYMENT, 'web-release'],
    ] as const)
      azure.cloud.place({ id: inGroup('builds', type, name) });
    azure.cloud.place({ id: inGroup('others') });
    azure.cloud.place({ id: inGroup('others', DISK, `${prefix}osabcde`) });
    const all = await found();
    expect(all.map(({ kind, runId, isNamed }) => [kind, runId, isNamed])).toEqual([
      ['azure-vm', run.runId, undefined],
      ['azure-disk', run.runId, undefined],
      ['azure-disk', run.runId, undefined],
      ['azure-deployment', run.runId, undefined],
    ]);
    for (const one of [...all, ...all]) await one.remove();
    expect(await locators()).toEqual([]);
    expect(azure.cloud.ids()).toEqual([
      inGroup('builds'),
      inGroup('builds', DISK, 'data-of-somebody'),
      inGroup('builds', DEPLOYMENT, 'web-release'),
      inGroup('others'),
      inGroup('others', DISK, `${prefix}osabcde`),
    ]);
  });

  it('is found without those where the connection may not list them', async () => {
    azure.cloud.place({ id: inGroup('builds', CARD, 'card'), tags });
    azure.cloud.disturb({
      when: ({ path }) => /(disks|deployments)$/.test(path),
      answer: { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'No.' } } },
    });
    expect((await found()).map(({ kind }) => kind)).toEqual(['azure-network-interface']);
  });

  it('stays when it lost the tag of its run meanwhile', async () => {
    azure.cloud.place({ id: inGroup('builds', CARD, 'card'), tags });
    const [card] = await found();
    azure.cloud.place({ id: inGroup('builds', CARD, 'card'), tags: { team: 'web' } });
    await expect(card?.remove()).rejects.toThrow('is nothing of this run');
  });
});

describe('images that are looked up as a connection', () => {
  const managed = {
    role: 'primary' as const,
    subscriptionId,
    resourceGroup: 'images',
    imageName: imageId.split('/').at(-1) ?? '',
    resourceId: imageId,
    location: 'westeurope',
  };

  it('are those that are there', async () => {
    expect(await azure.account().inventory.locate([managed])).toEqual([]);
    azure.cloud.place({ id: imageId, tags, properties: { provisioningState: 'Succeeded' } });
    expect(await azure.account().inventory.locate([managed])).toEqual([managed]);
  });

  it('are not told to be gone when they are on another platform', async () => {
    const ami = {
      role: 'primary' as const,
      region: 'eu-west-1',
      accountId: '1',
      amiId: 'ami-1',
      amiName: 'a',
    };
    await expect(azure.account().inventory.locate([ami])).rejects.toThrow('another platform');
  });
});
