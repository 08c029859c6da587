import { describe, expect, test } from 'vitest';
import { builderKinds, imageTypes } from '../../../../../shared/contracts/platforms/kinds.ts';
import { connectorOf, fittingImages, misfits } from '../../../../../shared/domain/definition/fit.ts';
import { type WarnedParts, warningsOf } from '../../../../../shared/domain/definition/warnings.ts';
import { ulid } from '../../../../support/builders.ts';
import {
  type ExampleType,
  exampleTypes,
  type ImageExample,
  imageExamples,
  imageOf,
} from '../../../../support/platform-bodies.ts';
import { connectionId, storedBuilder, storedSystem } from '../../../../support/stored-entities.ts';

const codes = (parts: WarnedParts) => warningsOf(parts).map(({ code }) => code);
const anyImage = storedSystem(imageExamples.map((type) => imageOf(type)));
const fitsOf = (type: ExampleType, settings: object, image: object) =>
  fittingImages(storedSystem([image]), storedBuilder(type, settings)).length;

describe('base images of every builder type (S28)', () => {
  test.each<[ExampleType, ImageExample[]]>([
    ['amazon-ebs', ['aws-ami', 'aws-ami-filter', 'aws-ssm-parameter', 'image-definition']],
    ['azure-managed', ['azure-marketplace', 'azure-gallery-image', 'image-definition']],
    ['azure-gallery', ['azure-marketplace', 'azure-gallery-image', 'image-definition']],
    ['googlecompute', ['gcp-family', 'gcp-image', 'image-definition']],
    ['vsphere-iso', ['iso']],
    ['vsphere-clone', ['template', 'image-definition']],
    ['proxmox-iso', ['iso']],
    ['proxmox-clone', ['template', 'image-definition']],
    ['hyperv-iso', ['iso', 'disk', 'image-definition']],
    ['nutanix', ['iso', 'disk', 'template', 'image-definition']],
    ['qemu', ['iso', 'disk', 'image-definition']],
  ])('%s takes %j', (type, expected) => {
    expect(fittingImages(anyImage, storedBuilder(type)).map((image) => image.type)).toEqual(expected);
  });

  test('every type of image is taken by some builder', () => {
    const taken = new Set(Object.values(builderKinds).flatMap((kind): string[] => [...kind.imageTypes]));
    expect([...taken].sort()).toEqual([...imageTypes].sort());
  });

  test.each<[string, ExampleType, object, object, number]>([
    [
      'Azure, the same region spelled otherwise',
      'azure-managed',
      { location: 'West Europe' },
      imageOf('azure-marketplace', { region: 'westeurope' }),
      1,
    ],
    [
      'Azure, another region',
      'azure-managed',
      {},
      imageOf('azure-marketplace', { region: 'northeurope' }),
      0,
    ],
    [
      'Azure, the region of an existing group is not known',
      'azure-managed',
      { location: undefined, buildResourceGroupName: 'b' },
      imageOf('azure-marketplace', { region: 'northeurope' }),
      1,
    ],
    [
      'Google Cloud, the region of the zone',
      'googlecompute',
      {},
      imageOf('gcp-image', { region: 'europe-west1' }),
      1,
    ],
    [
      'Google Cloud, a region with a longer name',
      'googlecompute',
      {},
      imageOf('gcp-image', { region: 'europe-west10' }),
      0,
    ],
    ['on-premises, another connection', 'qemu', {}, imageOf('iso', { connectionId: `con_${ulid('X')}` }), 0],
    ['on-premises, its own connection', 'qemu', {}, imageOf('iso', { connectionId }), 1],
  ])('%s', (_case, type, settings, image, count) => {
    expect(fitsOf(type, settings, image)).toBe(count);
  });

  test('a layer on a definition of another platform does not fit; of an unknown one it may', () => {
    const id = `def_${ulid('D')}`;
    const system = storedSystem([imageOf('image-definition')]);
    expect(fittingImages(system, storedBuilder('qemu'), new Map([[id, 'qemu']]))).toHaveLength(1);
    expect(fittingImages(system, storedBuilder('qemu'), new Map([[id, 'aws']]))).toHaveLength(0);
    expect(fittingImages(system, storedBuilder('qemu'), new Map())).toHaveLength(1);
  });
});

describe('what is refused when a definition is saved (S18, S27)', () => {
  test('everything at once: platform, base image and name', () => {
    const errors = misfits({
      definition: { platform: 'aws', name: 'Web-' },
      operatingSystem: storedSystem([imageOf('aws-ami')]),
      builder: storedBuilder('azure-gallery'),
    });
    expect(errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/platform', 'platform-mismatch'],
      ['/operatingSystemId', 'no-base-image'],
      ['/name', 'name-not-possible'],
    ]);
    expect(errors[1]?.detail).toContain('azure-marketplace, azure-gallery-image');
  });

  test.each(exampleTypes)('%s: nothing, of parts that fit', (type) => {
    const builder = storedBuilder(type);
    const definition = { platform: builder.platform, name: 'Web-Base' };
    expect(misfits({ definition, operatingSystem: anyImage, builder })).toEqual([]);
  });

  test('nothing is said of parts that are gone', () => {
    expect(misfits({ definition: { platform: 'aws', name: 'Web-' } })).toEqual([]);
  });
});

describe('connectors', () => {
  const on = (type: ExampleType, network: 'public' | 'private') => storedBuilder(type, {}, { network });

  test.each<[ExampleType, 'public' | 'private', boolean]>([
    ['amazon-ebs', 'public', false],
    ['azure-gallery', 'public', false],
    ['googlecompute', 'public', false],
    ['amazon-ebs', 'private', true],
    ['azure-managed', 'private', true],
    ['googlecompute', 'private', true],
    ['vsphere-iso', 'public', true],
    ['proxmox-clone', 'public', true],
    ['hyperv-iso', 'private', true],
    ['nutanix', 'public', true],
    ['qemu', 'public', true],
  ])('%s in a %s network: needed is %s (S32, S33, S34)', (type, network, needed) => {
    const parts = { definition: {}, builder: on(type, network), steps: [] };
    expect(codes(parts).includes('connector-needed')).toBe(needed);
    expect(codes({ ...parts, connectorId: `cnr_${ulid('1')}` })).not.toContain('connector-needed');
  });

  test("a definition's own wins over the builder's (S30, S35)", () => {
    expect(connectorOf({ connectorId: 'cnr_1' }, { connectorId: 'cnr_2' })).toBe('cnr_1');
    expect(connectorOf({}, { connectorId: 'cnr_2' })).toBe('cnr_2');
    expect(connectorOf({}, undefined)).toBeUndefined();
  });
});

describe('a login', () => {
  const access = { communicator: 'ssh', username: 'debian' };
  const noLogin = { sshUsername: undefined, sshPassword: undefined };
  const missing = (type: ExampleType, settings: object, image: object, fields: object = {}) =>
    codes({
      definition: {},
      operatingSystem: storedSystem([image], fields),
      builder: storedBuilder(type, settings),
      connectorId: 'cnr_1',
      steps: [{ name: 'sysprep', osFamily: 'windows' }],
    }).includes('login-missing');

  test.each<[string, ExampleType, object, object, object, boolean]>([
    ['Azure makes the user itself', 'azure-managed', {}, imageOf('azure-marketplace'), {}, false],
    ['Google Cloud, nobody names one', 'googlecompute', noLogin, imageOf('gcp-image'), {}, true],
    [
      'Google Cloud, the image names one',
      'googlecompute',
      noLogin,
      imageOf('gcp-image', { access }),
      {},
      false,
    ],
    ['QEMU, user and password', 'qemu', {}, imageOf('disk'), {}, false],
    [
      'QEMU, a user without a password',
      'qemu',
      { sshPassword: undefined },
      imageOf('disk', { access }),
      {},
      true,
    ],
    ['QEMU, nobody', 'qemu', noLogin, imageOf('disk'), {}, true],
    ['Windows on vSphere with a password', 'vsphere-iso', {}, imageOf('iso'), { family: 'windows' }, false],
    [
      'Windows on vSphere without',
      'vsphere-iso',
      { winrmPassword: undefined },
      imageOf('iso'),
      { family: 'windows' },
      true,
    ],
    [
      'Windows on vSphere by SSH, with a password for WinRM only',
      'vsphere-iso',
      {},
      imageOf('iso', { access }),
      { family: 'windows' },
      true,
    ],
    ['Windows on Google Cloud', 'googlecompute', noLogin, imageOf('gcp-image'), { family: 'windows' }, false],
  ])('%s', (_case, type, settings, image, fields, expected) => {
    expect(missing(type, settings, image, fields)).toBe(expected);
  });
});

describe('generalising Windows on-premises (S87, S88)', () => {
  const windows = storedSystem([imageOf('iso'), imageOf('aws-ami')], { family: 'windows' });
  const step = (name: string, script?: string) => ({ name, osFamily: 'windows', script });
  const missing = (type: ExampleType, steps: WarnedParts['steps'], operatingSystem = windows) =>
    codes({ definition: {}, operatingSystem, builder: storedBuilder(type), steps }).includes(
      'generalise-missing',
    );

  test('is warned of where no step looks like it', () => {
    expect(missing('vsphere-iso', [])).toBe(true);
    expect(missing('vsphere-iso', [step('updates', 'Install-Updates')])).toBe(true);
  });

  test.each([
    ['by its name', step('Run SYSPREP at the end')],
    ['by its script', step('last', '& $env:windir\\System32\\Sysprep\\sysprep.exe /generalize')],
    ['in British', step('Generalise')],
  ])('a step is known %s', (_case, one) => {
    expect(missing('qemu', [step('x'), one])).toBe(false);
  });

  test('in a cloud it is done by itself, and Linux needs none (S85, S86)', () => {
    expect(missing('amazon-ebs', [])).toBe(false);
    expect(missing('vsphere-iso', [], storedSystem([imageOf('iso')]))).toBe(false);
  });
});
