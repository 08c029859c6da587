import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  galleryVersion,
  imageNameOf,
  nameMisfit,
} from '../../../../../shared/domain/definition/image-name.ts';
import { exampleTypes } from '../../../../support/platform-bodies.ts';

/** Every name that a definition may have. */
const anyName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,50}$/);
const anyNumber = fc.integer({ min: 1, max: 1_000_000_000 });
const longest = `W${'x'.repeat(50)}`;

describe('names of images (S126, S127)', () => {
  test.each([
    ['amazon-ebs', 'Windows11-BaseImage-v2'],
    ['azure-managed', 'Windows11-BaseImage-v2'],
    ['azure-gallery', 'Windows11-BaseImage'],
    ['googlecompute', 'windows11-baseimage-v2'],
    ['vsphere-iso', 'Windows11-BaseImage-v2'],
    ['vsphere-clone', 'Windows11-BaseImage-v2'],
    ['proxmox-iso', 'Windows11-BaseImage-v2'],
    ['proxmox-clone', 'Windows11-BaseImage-v2'],
    ['hyperv-iso', 'Windows11-BaseImage-v2'],
    ['nutanix', 'Windows11-BaseImage-v2'],
    ['qemu', 'Windows11-BaseImage-v2'],
  ] as const)('%s: the second is %s', (type, expected) => {
    expect(imageNameOf(type, 'Windows11-BaseImage', 2)).toBe(expected);
    expect(nameMisfit(type, 'Windows11-BaseImage')).toBeUndefined();
  });

  test('a gallery image has its number in the version (S135)', () => {
    expect(galleryVersion(7)).toBe('7.0.0');
  });
});

describe('names that a platform does not take', () => {
  test('a gallery image must not end with a hyphen', () => {
    expect(nameMisfit('azure-gallery', 'Web-')).toMatch(/would be called Web-.*ends with a letter or digit/);
    expect(nameMisfit('azure-managed', 'Web-')).toBeUndefined();
  });

  test.each(exampleTypes)('%s: the longest name with the largest number fits', (type) => {
    expect(nameMisfit(type, longest)).toBeUndefined();
    expect(imageNameOf(type, longest, 2_147_483_647).length).toBeLessThanOrEqual(63);
  });

  test('a longer name, or another alphabet, would be found', () => {
    expect(nameMisfit('googlecompute', `${longest}x`)).toMatch(/at most 63/);
    expect(nameMisfit('proxmox-iso', 'web_base')).toMatch(/DNS/);
    expect(nameMisfit('vsphere-iso', 'web/base')).toMatch(/vSphere/);
    expect(nameMisfit('hyperv-iso', 'web:base')).toMatch(/Hyper-V/);
    expect(nameMisfit('amazon-ebs', 'wéb')).toMatch(/AMI/);
  });

  test.each(exampleTypes)('%s: what fits at save fits at every number', (type) => {
    fc.assert(
      fc.property(anyName, anyNumber, (name, number) => {
        fc.pre(nameMisfit(type, name) === undefined);
        const image = imageNameOf(type, name, number);
        expect(image.toLowerCase()).toContain(name.toLowerCase());
        // The name with its number is tried as a name of its own: no platform takes less of it.
        expect(type === 'azure-gallery' || /^[A-Za-z][A-Za-z0-9-]{0,61}\d$/.test(image)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('two definitions whose names differ never make the same image, as names are unique whatever their case', () => {
    fc.assert(
      fc.property(anyName, anyName, anyNumber, (one, other, number) => {
        fc.pre(one.toLowerCase() !== other.toLowerCase());
        for (const type of exampleTypes)
          expect(imageNameOf(type, one, number)).not.toBe(imageNameOf(type, other, number));
      }),
    );
  });
});
