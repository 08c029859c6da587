import { describe, expect, it } from 'vitest';
import type { PackerGeneration } from '../../../../../shared/contracts/bundle.ts';
import { imageFields } from '../../../../../shared/platforms/aws/image-fields.ts';
import { amazonEbsSource } from '../../../../../shared/platforms/aws/source.ts';
import { compileInput, snapshot, windowsSnapshot, withSettings } from '../../packer/fixtures.ts';

const unit = 'arn:aws:organizations::123456789012:ou/o-abcdef1234/ou-ab12-abcdef12';

describe('what becomes of an image of amazon-ebs', () => {
  it('is nothing special when nothing is said: no copy, nobody else (S141)', () => {
    const fields = imageFields(snapshot(), 'modern');
    expect(Object.values(fields).filter((value) => value !== undefined)).toEqual([]);
  });

  it('has a key for each region that it is copied to, and never a copy to where it is built', () => {
    const from = withSettings(snapshot(), {
      encryptBoot: true,
      kmsKeyId: 'alias/here',
      amiRegions: ['us-east-1', 'eu-central-1'],
      regionKmsKeyIds: { 'us-east-1': 'alias/there', 'eu-central-1': 'alias/other' },
    });
    // Packer refuses a key for a region that it does not copy to, and the other way round.
    expect(imageFields(from, '1.6')).toMatchObject({
      kms_key_id: 'alias/here',
      ami_regions: ['us-east-1'],
      region_kms_key_ids: { 'us-east-1': 'alias/there' },
    });
  });

  it('is shared with whom the builder names (S142)', () => {
    const from = withSettings(snapshot(), { amiUsers: ['210987654321'], snapshotUsers: ['210987654321'] });
    expect(imageFields(from, '1.6')).toMatchObject({
      ami_users: ['210987654321'],
      snapshot_users: ['210987654321'],
    });
  });

  it('needs a newer Packer for what is never left out in silence', () => {
    const from = withSettings(snapshot(), { amiOuArns: [unit], deprecateAt: '2030-01-31T12:00:00Z' });
    expect(imageFields(from, 'modern')).toMatchObject({
      ami_ou_arns: [unit],
      deprecate_at: '2030-01-31T12:00:00Z',
    });
    expect(() => imageFields(from, '1.6')).toThrow('Packer 1.6 knows nothing of amiOuArns, deprecateAt.');
  });

  describe('under a key of its own', () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const withKeys = (kmsKeyId: string, copyKey = 'alias/there') =>
      withSettings(snapshot(), {
        encryptBoot: true,
        kmsKeyId,
        amiRegions: ['us-east-1'],
        regionKmsKeyIds: { 'us-east-1': copyKey },
      });

    const field = '/builderConfiguration/settings/kmsKeyId';
    const trial = (key: string, generation: PackerGeneration) => () => imageFields(withKeys(key), generation);

    // What Debian's Packer 1.6.6 says to each, and ValidateKmsKey of the plugin 1.8.1.
    const old = [
      id,
      'alias/images',
      'alias/mrk-like',
      `arn:aws:kms:eu-central-1:123456789012:key/${id}`,
      'arn:aws-us-gov:kms:us-gov-west-1:123456789012:alias/images',
    ];
    const newer = [
      'mrk-0123456789abcdef',
      'arn:aws:kms:eu-central-1:123456789012:key/mrk-0123456789abcdef',
      'arn:aws-cn:kms:cn-north-1:123456789012:alias/images',
    ];
    it.each(old)('%s is for every Packer', (key) => {
      expect(trial(key, '1.6')()).toMatchObject({ kms_key_id: key });
      expect(trial(key, 'modern')()).toMatchObject({ kms_key_id: key });
    });
    it.each(newer)('%s needs a newer Packer', (key) => {
      expect(trial(key, '1.6')).toThrow(expect.objectContaining({ errorId: 'packer-too-old', field }));
      expect(trial(key, 'modern')()).toMatchObject({ kms_key_id: key });
    });
    it.each([
      'arn:aws-iso:kms:us-iso-east-1:123456789012:alias/images',
      'arn:aws:kms:-2:123456789012:alias/x',
    ])('the ARN %s is for no Packer', (key) => {
      const refused = { errorId: 'builder-setting-invalid', field };
      expect(trial(key, '1.6')).toThrow(expect.objectContaining(refused));
      expect(trial(key, 'modern')).toThrow(expect.objectContaining(refused));
    });

    it('in another region is looked at as well', () => {
      const place = '/builderConfiguration/settings/regionKmsKeyIds/us-east-1';
      expect(() => imageFields(withKeys(id, 'mrk-0123456789abcdef'), '1.6')).toThrow(
        expect.objectContaining({ field: place }),
      );
    });
  });

  it('keeps its protection as it was written', () => {
    const protection = (withCooldown?: boolean) =>
      imageFields(
        withSettings(snapshot(), { deregistrationProtection: { enabled: true, withCooldown } }),
        'modern',
      )['deregistration_protection'];
    expect(protection(true)).toEqual({ enabled: true, with_cooldown: true });
    expect(protection()).toEqual({ enabled: true, with_cooldown: undefined });
  });
});

describe('tags at the moment of creation', () => {
  const skips = (imageTags: Record<string, string>, temporaryResourceTags: Record<string, string>) => {
    const from = snapshot();
    const connection = { ...from.connection, imageTags, temporaryResourceTags };
    const input = compileInput({ generation: 'modern' });
    const { body } = amazonEbsSource({ ...input, snapshot: { ...from, connection } });
    return body['skip_ami_run_tags'];
  };

  it('are on the image too, where its own take the place of every one of them later', () => {
    expect(skips({}, {})).toBeUndefined();
    expect(skips({ team: 'web', more: '1' }, { team: 'build' })).toBeUndefined();
    expect(skips({}, { Name: 'mine' })).toBeUndefined();
  });

  it('wait where one of the temporary things would stay on the image for good', () => {
    expect(skips({ team: 'web' }, { 'remove-after': '1d' })).toBe(true);
    expect(skips({}, { constructor: 'x' })).toBe(true);
  });
});

describe('access through Session Manager', () => {
  it('is refused for WinRM whatever says that it is WinRM', () => {
    const from = withSettings(windowsSnapshot(), {
      sshInterface: 'session_manager',
      iamInstanceProfile: 'build',
    });
    expect(() => amazonEbsSource({ ...compileInput(), snapshot: from })).toThrow(/carries SSH only/);
  });
});
