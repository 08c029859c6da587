import { describe, expect, it } from 'vitest';
import { imageField } from '../../../../shared/platforms/checks.ts';
import { snapshot } from '../packer/fixtures.ts';

describe('the field of the image that a run starts from', () => {
  const { operatingSystem } = snapshot();
  const [own] = operatingSystem.images;
  const disk = { type: 'aws-ami' as const, amiId: 'ami-1', region: 'us-east-1' };
  const images = own === undefined ? [] : [disk, own];

  it('is its place among the images of the operating system, of which others may fit elsewhere', () => {
    expect(imageField(snapshot({ operatingSystem: { ...operatingSystem, images } }))).toBe(
      '/operatingSystem/images/1',
    );
  });

  it('is all of them where none fits', () => {
    expect(imageField(snapshot({ operatingSystem: { ...operatingSystem, images: [disk] } }))).toBe(
      '/operatingSystem/images',
    );
  });
});
