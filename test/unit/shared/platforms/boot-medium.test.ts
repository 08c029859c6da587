import { describe, expect, it } from 'vitest';
import type { SnapshotLayer } from '../../../../shared/contracts/snapshot.ts';
import { bootMediumOf } from '../../../../shared/platforms/boot-medium.ts';
import { ulid } from '../../../support/builders.ts';
import { onPremises } from '../../../support/on-premises.ts';
import { imageOf } from '../../../support/platform-bodies.ts';

const from = (image: object, layer?: SnapshotLayer) => ({
  ...onPremises({ builderType: 'qemu', settings: {}, connection: 'qemu', images: [image] }),
  ...(layer === undefined ? {} : { layer }),
});
const layerAt = (locator: object): SnapshotLayer => ({
  imageDefinitionId: `def_${ulid('D')}`,
  imageVersionId: `ver_${ulid('V')}`,
  name: 'Web-Base-v1',
  createdAt: '2026-01-02T03:04:05.678Z',
  locators: [{ role: 'primary', host: 'agent', ...locator }],
});
const refused = (snapshot: ReturnType<typeof from>) => {
  try {
    return bootMediumOf(snapshot);
  } catch (error) {
    return error;
  }
};

describe('what a machine is booted from', () => {
  it('is an ISO or a disk that Packer fetches', () => {
    const checksum = `sha256:${'0a'.repeat(32)}`;
    expect(bootMediumOf(from(imageOf('iso')))).toEqual({
      kind: 'iso',
      url: 'https://cdimage.debian.org/debian-12.iso',
      checksum,
    });
    expect(bootMediumOf(from(imageOf('disk', { url: 'http://mirror/base.raw', checksum })))).toEqual({
      kind: 'disk',
      url: 'http://mirror/base.raw',
      checksum,
    });
  });

  it('is a file of the machine itself, by the path that Packer reads', () => {
    const url = 'file:///srv/golden%20base/debian.qcow2';
    expect(bootMediumOf(from(imageOf('disk', { url })))).toMatchObject({
      url,
      path: '/srv/golden base/debian.qcow2',
    });
  });

  it.each(['/srv/images/Web-Base-v1-run_1/Web-Base-v1', 'D:\\images\\Web-Base-v1\\Web-Base-v1.vhdx'])(
    'is the file of the image that it is built on: %s',
    (path) => {
      expect(bootMediumOf(from(imageOf('image-definition'), layerAt({ path })))).toEqual({
        kind: 'disk',
        url: path,
        checksum: 'none',
        path,
      });
    },
  );

  it.each([
    ['a place of vSphere', from(imageOf('iso', { url: '[nfs] iso/debian.iso' }))],
    ['a place of Proxmox', from(imageOf('iso', { url: 'local:iso/debian.iso' }))],
    ['a URL that nobody can read', from(imageOf('disk', { url: 'file:///srv/%zz' }))],
    ['a template', from(imageOf('template'))],
    ['an image that is a template', from(imageOf('image-definition'), layerAt({ templateName: 'debian' }))],
    [
      'an image in a folder of vSphere',
      from(imageOf('image-definition'), layerAt({ path: 'folder/debian' })),
    ],
    ['another definition without a version', from(imageOf('image-definition'))],
  ])('is not %s', (_, snapshot) => {
    expect(refused(snapshot)).toMatchObject({ errorId: 'base-image-not-found' });
  });
});
