import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  builderConfigurationInput as schema,
  builderConfigurationStored,
} from '../../../../../shared/contracts/entities/builder-configuration.ts';
import { builderKinds } from '../../../../../shared/contracts/platforms/kinds.ts';
import { base, ulid } from '../../../../support/builders.ts';
import {
  builderOf,
  builderSettings,
  type ExampleType,
  exampleTypes,
} from '../../../../support/platform-bodies.ts';
import { detailAt, pointers } from '../../../../support/pointers.ts';

const refused = (builderType: ExampleType, settings: object) =>
  pointers(schema, builderOf(builderType, settings));

describe('every builder type (S26, S130)', () => {
  test('has an example here, and the table of kinds knows it', () => {
    expect(Object.keys(builderSettings).sort()).toEqual(Object.keys(builderKinds).sort());
    for (const [type, { platform }] of Object.entries(builderKinds))
      expect(
        schema.safeParse({ ...builderOf('qemu'), builderType: type, platform, settings: null }).success,
      ).toBe(false);
  });

  test.each(exampleTypes)('%s: the example is accepted and kept as it is', (type) => {
    const body = builderOf(type);
    const parsed = schema.parse(body);
    expect(withoutSecrets(parsed)).toEqual({
      description: '',
      tags: {},
      network: 'public',
      ...withoutSecrets(body),
    });
  });

  test.each(exampleTypes)('%s: a field that is not there is named (S4)', (type) => {
    expect(refused(type, { favouriteColour: 'blue' })).toEqual(['/settings/favouriteColour']);
  });

  test.each(exampleTypes)('%s: numbers as text, templates and strangers are refused together', (type) => {
    const text = Object.entries(builderSettings[type]).find(([, value]) => typeof value === 'string');
    const number = Object.entries(builderSettings[type]).find(([, value]) => typeof value === 'number');
    const wrong = {
      ...(text && { [text[0]]: `{{ timestamp }}` }),
      ...(number && { [number[0]]: String(number[1]) }),
      zzz: 1,
    };
    expect(refused(type, wrong).sort()).toEqual(
      Object.keys(wrong)
        .map((key) => `/settings/${key}`)
        .sort(),
    );
  });

  test.each(exampleTypes)('%s: __proto__ is a field like any other, and an unknown one', (type) => {
    const body: unknown = JSON.parse(
      JSON.stringify(builderOf(type)).replace('"settings":{', '"settings":{"__proto__":{"a":1},'),
    );
    expect(pointers(schema, body)).toEqual(['/settings/__proto__']);
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  });

  test.each(exampleTypes)('%s: of another platform is refused (S27)', (type) => {
    const platform = builderOf(type).platform === 'aws' ? 'azure' : 'aws';
    expect(pointers(schema, { ...builderOf(type), platform })).toEqual(['/platform']);
  });
});

/** What a body reads like when each secret is taken out: the parsed one holds them as objects of their own. */
const withoutSecrets = (body: object): Record<string, unknown> =>
  z
    .record(z.string(), z.unknown())
    .parse(
      JSON.parse(JSON.stringify(body), (key, value: unknown) =>
        key === 'sshPassword' || key === 'winrmPassword' ? undefined : value,
      ),
    );

test('without a known builder type every other fault is named as well (S4)', () => {
  expect(pointers(schema, {}).sort()).toEqual([
    '/builderType',
    '/connectionId',
    '/name',
    '/platform',
    '/settings',
  ]);
  const body = {
    ...builderOf('qemu'),
    builderType: 'virtualbox',
    name: '',
    connectionId: 7,
    network: 'secret',
  };
  expect(pointers(schema, body).sort()).toEqual(['/builderType', '/connectionId', '/name', '/network']);
});

test.each([null, [], 'x', 3])('%j is no builder configuration', (body) => {
  expect(pointers(schema, body)).not.toEqual([]);
});

describe('pools and connectors', () => {
  test.each([
    [{ connectorId: `cnr_${ulid('N')}`, runnerPoolId: 'vpc-1' }, []],
    [{ connectorId: 'cnr_1' }, ['/connectorId']],
    [{ connectorId: `con_${ulid('N')}` }, ['/connectorId']],
    [{ runnerPoolId: '' }, ['/runnerPoolId']],
    [{ runnerPoolId: 'Cloud' }, ['/runnerPoolId']],
    [{ runnerPoolId: `p${'x'.repeat(32)}` }, ['/runnerPoolId']],
  ])('%j', (fields, expected) => {
    expect(pointers(schema, builderOf('qemu', {}, fields))).toEqual(expected);
  });
});

describe('secrets in settings', () => {
  test.each([
    ['plain text', 'a password', ['/settings/sshPassword']],
    ['too short', { value: 'short' }, ['/settings/sshPassword/value']],
    ['a template', { value: 'long enough {{' }, ['/settings/sshPassword/value']],
    ['kept', { set: true }, []],
  ])('a password that is %s', (_case, sshPassword, expected) => {
    expect(refused('qemu', { sshPassword })).toEqual(expected);
  });

  test('never show their value when the parsed body is printed by mistake as stored', () => {
    const settings = { ...builderSettings.qemu, sshPassword: { value: 'planted-secret' } };
    const row = { ...base(`bld_${ulid('B')}`, 'q'), ...builderOf('qemu'), network: 'public', settings };
    expect(builderConfigurationStored.safeParse(row).success).toBe(false);
  });
});

describe('a managed image is in one region only (S132)', () => {
  test.each(['replicationRegions', 'targetRegion', 'targetRegions', 'sharedImageGalleryDestination'])(
    '%s is refused and the reason says what to use',
    (field) => {
      const body = builderOf('azure-managed', { [field]: ['northeurope'] });
      expect(pointers(schema, body)).toEqual([`/settings/${field}`]);
      expect(detailAt(schema, body, `/settings/${field}`)).toMatch(/one region only.*azure-gallery/);
    },
  );
});

describe('a gallery image is replicated (S136)', () => {
  const to = builderSettings['azure-gallery'].sharedImageGalleryDestination;
  const { targetRegion: _regions, ...bare } = to;
  const place = '/settings/sharedImageGalleryDestination';
  const regions = (count: number) =>
    Array.from({ length: count }, (_, n) => `region${'abcdefghij'[n % 10]}${n}`);

  test.each([
    ['to regions by name', { ...bare, replicationRegions: ['westeurope', 'North Europe'] }, []],
    ['to 50 regions', { ...bare, replicationRegions: regions(50) }, []],
    ['to 51 regions', { ...bare, replicationRegions: regions(51) }, [`${place}/replicationRegions`]],
    ['both ways at once', { ...to, replicationRegions: ['westeurope'] }, [`${place}/replicationRegions`]],
    [
      'twice to one region, spelled in two ways',
      { ...bare, replicationRegions: ['West Europe', 'westeurope'] },
      [`${place}/replicationRegions`],
    ],
    ['shallowly, to two', { ...to, useShallowReplication: true }, [`${place}/targetRegion`]],
    [
      'with 0 replicas',
      { ...bare, targetRegion: [{ name: 'westeurope', replicas: 0 }] },
      [`${place}/targetRegion/0/replicas`],
    ],
    ['nowhere else', bare, []],
    ['without a gallery', { resourceGroup: 'images' }, [`${place}/galleryName`]],
    ['under a name of its own', { ...to, imageName: 'web' }, [`${place}/imageName`]],
  ])('%s', (_case, sharedImageGalleryDestination, expected) => {
    expect(refused('azure-gallery', { sharedImageGalleryDestination })).toEqual(expected);
  });

  test('names that a run makes are refused with the reason', () => {
    const body = builderOf('azure-gallery', {
      sharedImageGalleryDestination: { ...to, imageVersion: '1.0.0' },
    });
    expect(detailAt(schema, body, `${place}/imageVersion`)).toContain("the run's number");
  });
});
