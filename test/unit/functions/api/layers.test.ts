import { describe, expect, test } from 'vitest';
import { imageDefinition } from '../../../../functions/api/definitions/entities/image-definition.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { base, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { type ExampleType, imageOf } from '../../../support/platform-bodies.ts';
import { storedBuilder, storedSystem } from '../../../support/stored-entities.ts';

const secrets = { seal: () => Promise.reject(new Error('no secret is written here')) };
const input = {
  name: 'Web-Layer',
  description: '',
  tags: {},
  operatingSystemId: `os_${ulid('S')}`,
  builderConfigurationId: `bld_${ulid('B')}`,
  provisionerRoleId: `rol_${ulid('R')}`,
};

/** What is wrong with a definition on `upper` whose operating system is an image of a definition on `lower`. */
const wrong = async (upper: ExampleType, lower: ExampleType): Promise<string[]> => {
  const table = memoryTable();
  const lowerBuilder = { ...storedBuilder(lower), id: `bld_${ulid('L')}` };
  const layer = { ...input, ...base(`def_${ulid('D')}`, 'Base'), builderConfigurationId: lowerBuilder.id };
  await table.write([
    {
      put: {
        ...keys.entity(scope, 'builder-configuration', lowerBuilder.id),
        row: 'builder-configuration',
        ...lowerBuilder,
      },
    },
    { put: { ...keys.entity(scope, 'image-definition', layer.id), row: 'image-definition', ...layer } },
  ]);
  const referred = new Map<string, Record<string, unknown>>([
    [input.operatingSystemId, storedSystem([imageOf('image-definition')])],
    [input.builderConfigurationId, storedBuilder(upper)],
  ]);
  const errors = await imageDefinition.rules?.(input, referred, { table, scope, secrets });
  return (errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`);
};

describe('an image on top of another definition’s image (S27, S28)', () => {
  test.each<[ExampleType, ExampleType, boolean]>([
    ['amazon-ebs', 'amazon-ebs', true],
    ['azure-gallery', 'azure-managed', true],
    ['vsphere-clone', 'vsphere-iso', true],
    ['qemu', 'qemu', true],
    ['qemu', 'amazon-ebs', false],
    ['googlecompute', 'azure-managed', false],
    ['vsphere-iso', 'vsphere-iso', false],
  ])('%s on %s: %s', async (upper, lower, good) => {
    expect(await wrong(upper, lower)).toEqual(good ? [] : ['/operatingSystemId no-base-image']);
  });

  test('a builder with passwords is judged like any other', async () => {
    // A stored builder has sealed secrets: read in the form of an answer it would look like none at all.
    expect(await wrong('proxmox-iso', 'proxmox-clone')).toEqual(['/operatingSystemId no-base-image']);
  });
});
