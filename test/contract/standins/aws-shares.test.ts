import {
  CopyImageCommand,
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPermissions } from '../../../shared/platforms/aws/trust.ts';
import type { SharePrincipal } from '../../../shared/platforms/platform.ts';
import { containing } from '../../support/matchers.ts';
import {
  type Account,
  clientsOf,
  closeAccount,
  kmsOf,
  makeUser,
  openAccount,
  runOf,
  snapshotIn,
  whileEnforced,
} from './aws-account.ts';
import { createClient, debianImageId, region } from './ec2-support.ts';

const abroad = 'eu-central-1';
let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => closeAccount(account));

const ec2 = (place = region) => createClient(account.standin.endpoint, { region: place });
const organization = 'arn:aws:organizations::123456789012:organization/o-abcdef1234';
const unit = 'arn:aws:organizations::123456789012:ou/o-abcdef1234/ou-ab12-abcdef12';
const partner: SharePrincipal = { type: 'account', id: '210987654321' };

let count = 0;
/** An own image, as a build leaves one; its locator. */
const makeImage = async (place = region, encryption: { Encrypted?: boolean; KmsKeyId?: string } = {}) => {
  count += 1;
  const Name = `Web-Base-v${count}`;
  const source = { SourceImageId: debianImageId, SourceRegion: place };
  const { ImageId: amiId = '' } = await ec2(place).send(
    new CopyImageCommand({ Name, ...source, ...encryption }),
  );
  return { role: 'primary' as const, region: place, accountId: '123456789012', amiId, amiName: Name };
};

const permissionsOf = async ({ amiId, region: place }: { amiId: string; region: string }) => {
  const client = ec2(place);
  const image = new DescribeImageAttributeCommand({ ImageId: amiId, Attribute: 'launchPermission' });
  const [described] = (await client.send(new DescribeImagesCommand({ ImageIds: [amiId] }))).Images ?? [];
  const SnapshotId = described?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
  const snapshot = new DescribeSnapshotAttributeCommand({ SnapshotId, Attribute: 'createVolumePermission' });
  return {
    image: (await client.send(image)).LaunchPermissions ?? [],
    snapshot: (await client.send(snapshot)).CreateVolumePermissions ?? [],
  };
};

const own = () => clientsOf(snapshotIn(account), runOf(1)).account;
const nobody = { image: [], snapshot: [] };

describe('sharing an AMI', () => {
  it('lets an account start machines and copy the snapshots, in this region alone, and takes it back (S142–S144)', async () => {
    const images = [await makeImage(), { ...(await makeImage(abroad)), role: 'copy' as const }];
    const [here, there] = images;
    if (here === undefined || there === undefined) throw new Error('no images');
    expect(await permissionsOf(here)).toEqual(nobody);
    for (const _again of [1, 2]) await own().share?.(images, region, partner);
    const shared = { image: [{ UserId: partner.id }], snapshot: [{ UserId: partner.id }] };
    expect(await permissionsOf(here)).toEqual(shared);
    expect(await permissionsOf(there)).toEqual(nobody);
    await own().share?.(images, abroad, { ...partner, id: '333333333333' });
    expect((await permissionsOf(there)).image).toEqual([{ UserId: '333333333333' }]);
    for (const _again of [1, 2]) await own().unshare?.(images, region, partner);
    expect(await permissionsOf(here)).toEqual(nobody);
  });

  it('lets organisations and organizational units in to the image alone: their accounts need no more', async () => {
    const image = await makeImage();
    const principals: SharePrincipal[] = [
      { type: 'organization', id: organization },
      { type: 'organizational-unit', id: unit },
    ];
    for (const principal of principals) await own().share?.([image], region, principal);
    expect(await permissionsOf(image)).toEqual({
      image: [{ OrganizationArn: organization }, { OrganizationalUnitArn: unit }],
      snapshot: [],
    });
    for (const principal of principals) await own().unshare?.([image], region, principal);
    expect(await permissionsOf(image)).toEqual(nobody);
  });

  it('leaves all others as they are', async () => {
    const image = await makeImage();
    for (const id of ['210987654321', '333333333333'])
      await own().share?.([image], region, { type: 'account', id });
    await own().unshare?.([image], region, partner);
    expect(await permissionsOf(image)).toEqual({
      image: [{ UserId: '333333333333' }],
      snapshot: [{ UserId: '333333333333' }],
    });
  });

  it("is refused under the account's default key, and works under a key of its own", async () => {
    const { KeyMetadata: key } = await kmsOf(account).send(new CreateKeyCommand({}));
    const locked = await makeImage(region, { Encrypted: true });
    await expect(own().share?.([locked], region, partner)).rejects.toMatchObject({
      errorId: 'image-not-shareable',
      message: containing("under the account's default key (arn:"),
    });
    expect(await permissionsOf(locked)).toEqual(nobody);
    const open = await makeImage(region, { Encrypted: true, KmsKeyId: key?.KeyId ?? '' });
    await own().share?.([open], region, partner);
    expect((await permissionsOf(open)).snapshot).toEqual([{ UserId: partner.id }]);
  });

  it("is refused by EC2's own words where nobody may look at the key", async () => {
    const statements = buildPermissions.Statement.filter(({ Sid }) => Sid !== 'LooksAtKeys');
    const keys = await makeUser(account, 'no-keys', statements);
    const locked = await makeImage(region, { Encrypted: true });
    const { account: client } = clientsOf(snapshotIn(account, {}, keys), runOf(1), keys);
    const refused = whileEnforced(account, async () => client.share?.([locked], region, partner));
    await expect(refused).rejects.toMatchObject({
      errorId: 'image-not-shareable',
      message: containing('AWS Managed CMK'),
    });
  });

  it('is refused in a region where the image is not, and of one that is gone', async () => {
    const image = await makeImage();
    await expect(own().share?.([image], abroad, partner)).rejects.toMatchObject({
      errorId: 'region-invalid',
      message: `The image is not in ${abroad}; it is in: ${region}.`,
    });
    await ec2().send(new DeregisterImageCommand({ ImageId: image.amiId }));
    await expect(own().share?.([image], region, partner)).rejects.toMatchObject({
      errorId: 'image-missing-after-build',
    });
    // Nobody can use what is gone.
    await expect(own().unshare?.([image], region, partner)).resolves.toBeUndefined();
  });

  it('wants the ARN of an organisation, which its id alone does not give', async () => {
    const image = await makeImage();
    const short: SharePrincipal = { type: 'organization', id: 'o-abcdef1234' };
    await expect(own().share?.([image], region, short)).rejects.toThrow(/arn:aws:organizations/);
    expect(await permissionsOf(image)).toEqual(nobody);
  });

  it('says what the connection may not do (S150)', async () => {
    const statements = buildPermissions.Statement.map((one) => ({
      ...one,
      Action: one.Action.filter((name) => name !== 'ec2:ModifyImageAttribute'),
    }));
    const keys = await makeUser(account, 'no-shares', statements);
    const image = await makeImage();
    const { account: client } = clientsOf(snapshotIn(account, {}, keys), runOf(1), keys);
    const refused = whileEnforced(account, async () => client.share?.([image], region, partner));
    await expect(refused).rejects.toMatchObject({
      errorId: 'permission-denied',
      message: containing('ec2:ModifyImageAttribute'),
    });
  });
});

describe('images of several regions', () => {
  it('are located each in its own, and those that are gone are left out', async () => {
    const { client } = clientsOf(snapshotIn(account), runOf(1));
    const images = [await makeImage(), { ...(await makeImage(abroad)), role: 'copy' as const }];
    expect(await client.locate(images)).toEqual(images);
    const [here, there] = images;
    await ec2(abroad).send(new DeregisterImageCommand({ ImageId: there?.amiId }));
    expect(await client.locate(images)).toEqual([here]);
  });
});
