import {
  AllocateAddressCommand,
  CopyImageCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeKeyPairsCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inventory, RunIdentity } from '../../../shared/platforms/platform.ts';
import { runTags } from '../../../shared/platforms/aws/names.ts';
import { type Account, clientsOf, closeAccount, openAccount, runOf, snapshotIn } from './aws-account.ts';
import { createClient, debianImageId, region } from './ec2-support.ts';

const abroad = 'eu-central-1';
let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => closeAccount(account));

const ec2 = (place = region) => createClient(account.standin.endpoint, { region: place });
const inventory = (): Inventory => clientsOf(snapshotIn(account), runOf(1)).account.inventory;
const run = runOf(7);
const owner = { deploymentId: run.deploymentId, workspaceId: run.workspaceId };
const find = async (regions: string[] = []) =>
  (await inventory().findTagged(owner, regions)).map(({ kind, runId, isImage }) => ({
    kind,
    runId,
    isImage,
  }));

const tagsOf = (of: RunIdentity, ...without: string[]): Tag[] =>
  Object.entries(runTags(of))
    .filter(([Key]) => !without.includes(Key))
    .map(([Key, Value]) => ({ Key, Value }));

const makeVolume = async (Tags: Tag[], place = region): Promise<void> => {
  const TagSpecifications = [{ ResourceType: 'volume' as const, Tags }];
  await ec2(place).send(
    new CreateVolumeCommand({ AvailabilityZone: `${place}a`, Size: 1, TagSpecifications }),
  );
};
const makeImage = async (Tags: Tag[], Name: string, place = region): Promise<string> => {
  const request = new CopyImageCommand({ Name, SourceImageId: debianImageId, SourceRegion: region });
  const { ImageId: id = '' } = await ec2(place).send(request);
  await ec2(place).send(new CreateTagsCommand({ Resources: [id], Tags }));
  return id;
};

describe('what carries the tags of a workspace of this deployment in an AWS account (N1)', () => {
  it('is each kind that a run makes, with its run, in the order in which it can be deleted', async () => {
    const Tags = tagsOf(run);
    await makeVolume(Tags);
    await ec2().send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: 'packer-fleet-launch-template-7',
        LaunchTemplateData: { ImageId: debianImageId },
        TagSpecifications: [{ ResourceType: 'launch-template', Tags }],
      }),
    );
    await ec2().send(
      new CreateKeyPairCommand({
        KeyName: 'packer_7',
        TagSpecifications: [{ ResourceType: 'key-pair', Tags }],
      }),
    );
    await ec2().send(
      new CreateSecurityGroupCommand({
        GroupName: 'packer_0a1b2c',
        Description: 'temporary',
        TagSpecifications: [{ ResourceType: 'security-group', Tags }],
      }),
    );
    await makeImage(Tags, 'Web-Base-v7');
    expect(await find()).toEqual([
      { kind: 'ec2-launch-template', runId: run.runId, isImage: false },
      { kind: 'ec2-image', runId: run.runId, isImage: true },
      { kind: 'ec2-volume', runId: run.runId, isImage: false },
      { kind: 'ec2-key-pair', runId: run.runId, isImage: false },
      { kind: 'ec2-security-group', runId: run.runId, isImage: false },
    ]);
  });

  it('goes away one by one, also when it is removed twice', async () => {
    const found = await inventory().findTagged(owner, []);
    expect(found).toHaveLength(5);
    for (const one of [...found, ...found]) await one.remove();
    expect(await find()).toEqual([]);
    expect((await ec2().send(new DescribeKeyPairsCommand({}))).KeyPairs).toEqual([]);
  });

  it('is nothing of another deployment or workspace, nothing without a run or without tags, no kind that no run makes', async () => {
    await makeVolume(tagsOf({ ...run, deploymentId: 'other' }));
    await makeVolume(tagsOf({ ...run, workspaceId: 'ws_other' }));
    await makeVolume(tagsOf(run, 'goldsmith:run'));
    await makeVolume(tagsOf(run, 'goldsmith:deployment'));
    await makeVolume([{ Key: 'team', Value: 'web' }]);
    await ec2().send(
      new CreateSecurityGroupCommand({
        GroupName: 'web-servers',
        Description: 'of somebody who copied the tags',
        TagSpecifications: [{ ResourceType: 'security-group', Tags: tagsOf(run) }],
      }),
    );
    await ec2().send(
      new AllocateAddressCommand({
        TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: tagsOf(run) }],
      }),
    );
    expect(await find()).toEqual([]);
  });

  it('is found in other regions when they are named', async () => {
    await makeVolume(tagsOf(run), abroad);
    expect(await find()).toEqual([]);
    expect(await find([abroad, region])).toEqual([{ kind: 'ec2-volume', runId: run.runId, isImage: false }]);
    const [volume] = await inventory().findTagged(owner, [abroad]);
    expect(volume?.locator).toMatch(/^eu-central-1\/vol-/);
    await volume?.remove();
    expect(await find([abroad])).toEqual([]);
  });
});

describe('images that are looked up as a connection', () => {
  const locatorOf = (amiId: string, accountId = '123456789012') => ({
    role: 'primary' as const,
    region,
    accountId,
    amiId,
    amiName: 'Web-Base-v8',
  });

  it('are there until they are deregistered', async () => {
    const id = await makeImage(tagsOf(run), 'Web-Base-v8');
    const { Images: images } = await ec2().send(new DescribeImagesCommand({ ImageIds: [id] }));
    const locator = locatorOf(id, images?.[0]?.OwnerId);
    expect(await inventory().locate([locator])).toEqual([locator]);
    await ec2().send(new DeregisterImageCommand({ ImageId: id }));
    expect(await inventory().locate([locator])).toEqual([]);
  });

  it('of another account are not told to be gone: the connection was changed', async () => {
    const theirs = locatorOf('ami-0123456789abcdef0', '999999999999');
    await expect(inventory().locate([theirs])).rejects.toThrow('999999999999');
  });
});
