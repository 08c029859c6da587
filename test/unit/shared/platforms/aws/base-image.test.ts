import { describe, expect, it } from 'vitest';
import type { OsImage } from '../../../../../shared/contracts/entities/operating-system.ts';
import { awsImageOf, regionOf } from '../../../../../shared/platforms/aws/base-image.ts';
import { osImageOf } from '../../../../../shared/platforms/snapshot-of.ts';
import { snapshot, ulid, withSettings } from '../../packer/fixtures.ts';

const mine = `con_${ulid('C')}`;
const other = `con_${ulid('X')}`;
const image = (amiId: string, place: { connectionId?: string; region?: string }): OsImage => ({
  type: 'aws-ami',
  amiId: `ami-${amiId.repeat(8)}`,
  ...place,
});
const plain = image('0', {});
const here = image('1', { region: 'eu-central-1' });
const forConnection = image('2', { connectionId: mine });
const forBoth = image('3', { connectionId: mine, region: 'eu-central-1' });
const elsewhere = image('4', { region: 'us-east-1' });
const foreign = image('5', { connectionId: other, region: 'eu-central-1' });
const withImages = (images: OsImage[], from = snapshot()) => ({
  ...from,
  operatingSystem: { ...from.operatingSystem, images },
});

describe('the base image for a connection and region', () => {
  it.each([
    [[plain, here, forConnection, forBoth, elsewhere, foreign], forBoth],
    [[plain, here, forConnection, elsewhere], forConnection],
    [[elsewhere, plain, here, foreign], here],
    [[elsewhere, plain, foreign], plain],
    [[elsewhere, foreign], undefined],
    [[], undefined],
  ])('is the most specific one (case %#)', (images, expected) => {
    expect(awsImageOf(withImages(images))).toBe(expected);
  });

  it('is the first of two that fit alike', () => {
    expect(awsImageOf(withImages([here, image('6', { region: 'eu-central-1' })]))).toBe(here);
  });

  it('is looked for where the builder builds, else in the region of the connection', () => {
    const abroad = withSettings(snapshot(), { region: 'us-east-1' });
    expect([regionOf(snapshot()), regionOf(abroad)]).toEqual(['eu-central-1', 'us-east-1']);
    const images = [here, elsewhere];
    expect(osImageOf(withImages(images, abroad))).toBe(elsewhere);
    expect(osImageOf(withImages(images))).toBe(here);
  });
});
