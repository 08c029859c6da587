import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { builderConfigurationStored } from '../../../../shared/contracts/entities/builder-configuration.ts';
import { imageDefinitionStored } from '../../../../shared/contracts/entities/image-definition.ts';
import { locatorSchema } from '../../../../shared/contracts/entities/image-version.ts';
import { provisionerStored } from '../../../../shared/contracts/entities/provisioner.ts';
import { provisionerGroupSchema } from '../../../../shared/contracts/entities/provisioner-group.ts';
import { provisionerRoleSchema } from '../../../../shared/contracts/entities/provisioner-role.ts';
import { resourceSchema, resourceStored } from '../../../../shared/contracts/entities/resource.ts';
import { scheduleSchema, scheduleStored } from '../../../../shared/contracts/entities/schedule.ts';
import { at, base, ulid } from '../../../support/builders.ts';
import { storedBuilder, storedProvisioner } from '../../../support/stored-entities.ts';

const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, place) => `${prefix}_${ulid(place)}`);
const definition = {
  ...base(`def_${ulid('D')}`, 'a name with spaces that is longer than any definition may have today'),
  operatingSystemId: `os_${ulid('S')}`,
  builderConfigurationId: `bld_${ulid('B')}`,
  provisionerRoleId: `rol_${ulid('R')}`,
  variables: { 'not-a-name': '{{ braces }}' },
  timeoutSeconds: 1,
  firstNumber: 0,
};
const group = {
  ...base(`grp_${ulid('G')}`, 'basics'),
  items: ids('prv', 40).map((provisionerId) => ({
    provisionerId,
    environment: { 'not-a-name': '{{ x }}' },
    enabled: true,
  })),
};
const scheduleOf = (frequency: object) => ({
  ...base(`sch_${ulid('S')}`, 'nightly'),
  frequency,
  timeZone: 'Nowhere/Land',
  imageDefinitionIds: [...ids('def', 31), `def_${ulid(0)}`],
  enabled: true,
  overlap: 'skip',
  maxLatenessSeconds: 1,
  flexibleWindowSeconds: 61,
});
const version = {
  version: 1,
  fileName: 'a/b',
  sizeBytes: 0,
  sha256: 'short',
  createdAt: at(0),
  createdBy: 'user-1',
};
const resource = { ...base(`res_${ulid('R')}`, 'installer'), versions: [version], lastVersion: 1 };
const presentedResource = {
  ...base(`res_${ulid('R')}`, 'installer'),
  fileName: 'a/b',
  sizeBytes: 0,
  sha256: 'short',
  state: 'available',
  versions: Array.from({ length: 101 }, () => ({ ...version, state: 'available' })),
};

/** Rows that today's rules for writing refuse: a rule may become narrower, what lies in the table stays. */
const rows: [string, z.ZodType, object][] = [
  ['an image definition', imageDefinitionStored, definition],
  ['a group', provisionerGroupSchema, group],
  [
    'a role',
    provisionerRoleSchema,
    { ...base(`rol_${ulid('R')}`, 'web'), groupIds: [...ids('grp', 40), `grp_${ulid(0)}`] },
  ],
  ['a builder', builderConfigurationStored, { ...storedBuilder('qemu'), runnerPoolId: 'No Pool' }],
  ['a resource', resourceStored, resource],
  ['a shown resource', resourceSchema, presentedResource],
  ['a step', provisionerStored, { ...storedProvisioner('shell'), script: 'x'.repeat(200_001) }],
  [
    'a place of an image',
    locatorSchema,
    { role: 'primary', region: 'mars-1', accountId: '1', amiId: 'a', amiName: 'n' },
  ],
  ...[
    { type: 'hourly', everyHours: 2, minute: 75 },
    { type: 'daily', time: '25:00' },
    { type: 'weekly', daysOfWeek: ['MON', 'MON'], time: '3 a.m.' },
    { type: 'monthly', dayOfMonth: 'last', time: '' },
    { type: 'cron', expression: 'x'.repeat(300) },
    { type: 'rate', value: 1_000_000, unit: 'days' },
    { type: 'once', at: 'some day' },
  ].flatMap((frequency): [string, z.ZodType, object][] => [
    [`a schedule of the type ${frequency.type}`, scheduleStored, scheduleOf(frequency)],
    [
      `a shown schedule of the type ${frequency.type}`,
      scheduleSchema,
      { ...scheduleOf(frequency), imageDefinitions: [] },
    ],
  ]),
];

describe('what lies in the table stays readable when a rule for writing changes', () => {
  test.each(rows)('%s', (_case, schema, row) => {
    expect(schema.parse(row)).toEqual(row);
  });

  test('a field of a newer release is left out', () => {
    const [item] = group.items;
    const read = provisionerGroupSchema.parse({ ...group, items: [{ ...item, added: 1 }] });
    expect(read.items).toEqual([item]);
  });
});
