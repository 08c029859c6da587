import { afterEach, describe, expect, it } from 'vitest';
import type { AmazonEbsSettings } from '../../../../../shared/contracts/platforms/aws.ts';
import { findBaseImage } from '../../../../../shared/platforms/aws/client-check-images.ts';
import { sharingChecks } from '../../../../../shared/platforms/aws/client-check-sharing.ts';
import { share } from '../../../../../shared/platforms/aws/client-shares.ts';
import {
  type Answers,
  fakeAws,
  fakeSession,
  items,
  keySnapshot,
  Refusal,
} from '../../../../support/fake-aws.ts';
import { containing } from '../../../../support/matchers.ts';
import { withSettings } from '../../packer/fixtures.ts';

const DEFAULT = 'arn:aws:kms:eu-central-1:123456789012:key/of-aws';
const OWN = 'arn:aws:kms:eu-central-1:123456789012:key/our-own';
const partner = { amiUsers: ['210987654321'] };
const settings = '/builderConfiguration/settings';
type Disk = { name: string; key?: string; isOthers?: boolean };

/** An account that has an image of such disks. `encrypts`: it does so with every new disk by itself. */
const account = (disks: Disk[], encrypts = false): Answers => {
  const mapping = ({ name, key, isOthers = false }: Disk) =>
    `<deviceName>${name}</deviceName><ebs><snapshotId>snap-${name}</snapshotId><encrypted>${key !== undefined || isOthers}</encrypted></ebs>`;
  return {
    DescribeImages: () =>
      items('imagesSet', [
        `<imageId>ami-1</imageId><imageState>available</imageState>${items('blockDeviceMapping', [...disks.map(mapping), '<deviceName>/dev/sdz</deviceName><virtualName>ephemeral0</virtualName>'])}`,
      ]),
    DescribeSnapshots: () =>
      items(
        'snapshotSet',
        disks
          .filter(({ isOthers }) => isOthers !== true)
          .map(
            ({ name, key }) =>
              `<snapshotId>snap-${name}</snapshotId>${key === undefined ? '' : `<kmsKeyId>${key}</kmsKeyId>`}`,
          ),
      ),
    GetEbsEncryptionByDefault: () => `<ebsEncryptionByDefault>${encrypts}</ebsEncryptionByDefault>`,
    GetEbsDefaultKmsKeyId: () => `<kmsKeyId>${DEFAULT}</kmsKeyId>`,
    DescribeKey: ({ KeyId: id = '' }) => ({
      KeyMetadata: { KeyId: id, KeyManager: id === DEFAULT ? 'AWS' : 'CUSTOMER' },
    }),
  };
};

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());
const checked = async (answers: Answers, wanted: Partial<AmazonEbsSettings>) => {
  ({ close } = await fakeAws(answers));
  const snapshot = withSettings(keySnapshot(), { instanceType: 't3.small', ...wanted });
  const session = fakeSession();
  return sharingChecks(session, snapshot, await findBaseImage(session, { id: 'ami-1' }));
};

const [root, data] = ['/dev/sda1', '/dev/sdb'];
const plain = [{ name: root }, { name: data }];

describe('sharing, disk by disk (S142, S143)', () => {
  it('fails for the one disk of the base image that is under the default key, and names it', async () => {
    const disks = [{ name: root }, { name: data, key: DEFAULT }, { name: '/dev/sdc', key: OWN }];
    expect(await checked(account(disks), partner)).toMatchObject([
      {
        id: 'sharing',
        status: 'fail',
        errorId: 'image-not-shareable',
        field: `${settings}/kmsKeyId`,
        detail: containing('The disk /dev/sdb will be'),
      },
    ]);
  });

  it('fails for a disk of the builder that is encrypted without a key, and names its field', async () => {
    const devices = [
      { deviceName: root, volumeSize: 20 },
      { deviceName: '/dev/sdf', volumeSize: 50, encrypted: true },
      { deviceName: '/dev/sdg', volumeSize: 50, encrypted: true, kmsKeyId: OWN },
      { deviceName: '/dev/sdh', volumeSize: 50 },
    ];
    const checks = await checked(account(plain), { ...partner, launchBlockDeviceMappings: devices });
    expect(checks).toMatchObject([
      {
        status: 'fail',
        field: `${settings}/launchBlockDeviceMappings/1/kmsKeyId`,
        detail: containing('/dev/sdf'),
      },
    ]);
  });

  it('names each of several disks', async () => {
    const checks = await checked(account(plain, true), partner);
    expect(checks.map(({ status, detail }) => [status, /disk (\S+)/.exec(detail ?? '')?.[1]])).toEqual([
      ['fail', root],
      ['fail', data],
    ]);
  });

  it.each<[string, Disk[], Partial<AmazonEbsSettings>]>([
    ['nothing is encrypted', plain, {}],
    [
      'every disk has a key of its own',
      [
        { name: root, key: OWN },
        { name: data, key: OWN },
      ],
      {},
    ],
    [
      'the builder gives that disk another key',
      [{ name: root }, { name: data, key: DEFAULT }],
      { launchBlockDeviceMappings: [{ deviceName: data, encrypted: true, kmsKeyId: OWN }] },
    ],
    [
      'the whole image gets another key',
      [{ name: root, key: DEFAULT }],
      { encryptBoot: true, kmsKeyId: OWN },
    ],
    [
      'a disk is encrypted again without a new key: it keeps its own',
      [{ name: root, key: OWN }],
      { launchBlockDeviceMappings: [{ deviceName: root, encrypted: true }] },
    ],
  ])('is well where %s', async (_, disks, wanted) => {
    expect(await checked(account(disks), { ...partner, ...wanted })).toMatchObject([{ status: 'pass' }]);
  });

  it('fails for a disk of somebody else’s encrypted image: the account’s default key takes the place of theirs', async () => {
    const disks = [{ name: root }, { name: data, isOthers: true }];
    expect(await checked(account(disks), partner)).toMatchObject([
      { status: 'fail', detail: containing('/dev/sdb') },
    ]);
  });

  it.each(['alias/aws/ebs', DEFAULT])(
    'fails where the builder itself names the default key: %s',
    async (kmsKeyId) => {
      expect(await checked(account(plain), { ...partner, encryptBoot: true, kmsKeyId })).toMatchObject([
        { status: 'fail', field: `${settings}/kmsKeyId` },
      ]);
    },
  );

  it('fails for a copy of an encrypted disk, which gets the default key of its region whatever key it had', async () => {
    const disks = [{ name: root }, { name: data, key: OWN }];
    expect(await checked(account(disks), { ...partner, amiRegions: ['us-east-1'] })).toMatchObject([
      {
        status: 'fail',
        field: `${settings}/regionKmsKeyIds/us-east-1`,
        detail: containing('The copy of the disk /dev/sdb will be encrypted in us-east-1'),
      },
    ]);
  });

  it('is one warning for copies that nobody is let in to', async () => {
    const checks = await checked(account(plain, true), { amiRegions: ['us-east-1', 'us-west-2'] });
    expect(checks).toMatchObject([{ status: 'warn', detail: containing('us-west-2') }]);
  });

  it('is a warning, never a failure, where nobody may look at the key', async () => {
    const answers = account([{ name: data, key: OWN }]);
    answers['DescribeKey'] = () => {
      throw new Refusal('AccessDeniedException');
    };
    expect(await checked(answers, partner)).toMatchObject([
      { status: 'warn', detail: containing('/dev/sdb') },
    ]);
  });
});

describe('sharing a version with several disks', () => {
  it('is refused for the one disk under the default key, by its name, before anything is shared', async () => {
    const aws = await fakeAws(account([{ name: root }, { name: data, key: DEFAULT }]));
    ({ close } = aws);
    const image = {
      role: 'primary' as const,
      region: 'eu-central-1',
      accountId: '123456789012',
      amiId: 'ami-1',
      amiName: 'web',
    };
    const shared = share(fakeSession(), [image], 'eu-central-1', { type: 'account', id: '210987654321' });
    await expect(shared).rejects.toMatchObject({
      errorId: 'image-not-shareable',
      message: containing('its disk /dev/sdb (snap-/dev/sdb) is encrypted under'),
    });
    expect(aws.calls.map(({ action }) => action).filter((action) => action.startsWith('Modify'))).toEqual([]);
  });
});
