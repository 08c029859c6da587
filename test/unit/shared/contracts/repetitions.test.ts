import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { operatingSystemInput } from '../../../../shared/contracts/entities/operating-system.ts';
import { provisionerGroupInput } from '../../../../shared/contracts/entities/provisioner-group.ts';
import { provisionerRoleInput } from '../../../../shared/contracts/entities/provisioner-role.ts';
import { scheduleInput } from '../../../../shared/contracts/entities/schedule.ts';
import { groupBody, roleBody, scheduleBody } from '../../../support/bodies.ts';
import { ulid } from '../../../support/builders.ts';
import { imageOf, systemOf } from '../../../support/platform-bodies.ts';
import { pointers } from '../../../support/pointers.ts';

const twice = (prefix: string) => [
  `${prefix}_${ulid('A')}`,
  `${prefix}_${ulid('B')}`,
  `${prefix}_${ulid('A')}`,
];
const iso = imageOf('iso', { unattended: { bootCommand: [], resourceIds: twice('res') } });

describe('what stands twice in a list of references', () => {
  test.each<[z.ZodType, object, string]>([
    [provisionerRoleInput, roleBody(twice('grp')), '/groupIds/2'],
    [scheduleInput, scheduleBody({ imageDefinitionIds: twice('def') }), '/imageDefinitionIds/2'],
    [operatingSystemInput, systemOf([iso]), '/images/0/unattended/resourceIds/2'],
  ])('is refused and named (case %#)', (schema, body, pointer) => {
    expect(pointers(schema, body)).toEqual([pointer]);
  });

  test('is one provisioner at several places of a group, each with its own environment', () => {
    expect(pointers(provisionerGroupInput, groupBody(twice('prv')))).toEqual([]);
  });
});
