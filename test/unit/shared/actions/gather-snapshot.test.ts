import { describe, expect, test } from 'vitest';
import { gatherSnapshot } from '../../../../shared/actions/gather-snapshot.ts';
import type { IdKind } from '../../../../shared/contracts/common.ts';
import { runSnapshotSchema } from '../../../../shared/contracts/snapshot.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { at, base, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { imageOf } from '../../../support/platform-bodies.ts';
import {
  storedBuilder,
  storedConnection,
  storedProvisioner,
  storedSystem,
} from '../../../support/stored-entities.ts';

const definitionId = `def_${ulid('D')}`;
const groupId = `grp_${ulid('G')}`;

type Rows = Partial<Record<IdKind, ({ id: string } & Record<string, unknown>) | undefined>>;

const kinds = [
  'image-definition',
  'operating-system',
  'builder-configuration',
  'connection',
  'provisioner-role',
  'provisioner-group',
  'provisioner',
  'resource',
] as const satisfies IdKind[];

/** A workspace with one definition and all that it refers to; a part given as undefined is gone. */
const workspace = async (changed: Rows = {}) => {
  const table = memoryTable();
  const provisioner = storedProvisioner('shell', { environment: { A: 'own', B: 'own', C: 'own' } });
  const rows: Rows = {
    'image-definition': {
      ...base(definitionId, 'Web-Base'),
      operatingSystemId: `os_${ulid('S')}`,
      builderConfigurationId: `bld_${ulid('B')}`,
      provisionerRoleId: `rol_${ulid('R')}`,
      variables: { A: 'definition' },
    },
    'operating-system': storedSystem([imageOf('iso'), imageOf('aws-ami')]),
    'builder-configuration': storedBuilder('amazon-ebs'),
    connection: storedConnection('aws role'),
    'provisioner-role': { ...base(`rol_${ulid('R')}`, 'web'), groupIds: [groupId] },
    'provisioner-group': {
      ...base(groupId, 'basics'),
      items: [
        { provisionerId: provisioner.id, enabled: false },
        { provisionerId: provisioner.id, enabled: true, environment: { A: 'group', B: 'group' } },
      ],
    },
    provisioner,
    ...changed,
  };
  for (const kind of kinds) {
    const row = rows[kind];
    if (row !== undefined)
      await table.write([{ put: { ...keys.entity(scope, kind, row.id), row: kind, ...row } }]);
  }
  return gatherSnapshot(table, scope, definitionId);
};

const pointersOf = async (changed: Rows) => {
  const gathered = await workspace(changed);
  return gathered !== undefined && 'obstacles' in gathered
    ? gathered.obstacles.map(({ pointer }) => pointer)
    : [];
};

describe('what a run uses (S11, S29)', () => {
  test('is a snapshot that reads back as it is, with the environment that is in force', async () => {
    const gathered = await workspace();
    if (gathered === undefined || 'obstacles' in gathered) throw new Error(JSON.stringify(gathered));
    expect(runSnapshotSchema.parse(JSON.parse(JSON.stringify(gathered.snapshot)))).toEqual(gathered.snapshot);
    expect(gathered.snapshot.steps).toMatchObject([
      { index: 1, groupName: 'basics', environment: { A: 'definition', B: 'group', C: 'own' } },
    ]);
  });

  test('of a definition that is not there is nothing', async () => {
    expect(await workspace({ 'image-definition': undefined })).toBeUndefined();
  });
});

describe('a run that cannot start names the fields to blame (S2, S32)', () => {
  test.each<[Rows, string[]]>([
    [{ 'operating-system': undefined }, ['/operatingSystemId']],
    [{ connection: undefined }, ['/builderConfigurationId']],
    [
      { 'builder-configuration': undefined, 'provisioner-role': undefined },
      ['/builderConfigurationId', '/provisionerRoleId'],
    ],
    [{ 'builder-configuration': storedBuilder('amazon-ebs', {}, { network: 'private' }) }, ['/connectorId']],
    [{ provisioner: storedProvisioner('ansible-local', { id: `prv_${ulid('P')}` }) }, ['/provisionerRoleId']],
    [
      { 'builder-configuration': storedBuilder('qemu'), connection: storedConnection('qemu') },
      // The file of the unattended installation is gone as well.
      ['/builderConfigurationId', '/operatingSystemId', '/connectorId', '/operatingSystemId'],
    ],
  ])('case %#', async (changed, expected) => {
    expect(await pointersOf(changed)).toEqual(expected);
  });

  test.each([
    [{ resourceVersion: 1 }, 'version 1 of installer has no content'],
    [{ resourceVersion: 3 }, 'installer has no version 3'],
    [{ resourceVersion: 2 }, undefined],
    [{}, undefined],
  ])('a file without its content: %o', async (fields, fault) => {
    const announced = { fileName: 'a', sizeBytes: 1, sha256: 'a', createdAt: at(0), createdBy: 'user-1' };
    const versions = [
      { version: 1, ...announced },
      { version: 2, ...announced, availableAt: at(1) },
    ];
    const resource = { ...base(`res_${ulid('R')}`, 'installer'), versions, lastVersion: 2 };
    const provisioner = storedProvisioner('file', {
      id: `prv_${ulid('P')}`,
      resourceId: resource.id,
      resourceVersion: undefined,
      ...fields,
    });
    const gathered = await workspace({ provisioner, resource });
    const obstacles = gathered !== undefined && 'obstacles' in gathered ? gathered.obstacles : [];
    expect(
      obstacles.filter(({ code }) => code === 'resource-not-available').map(({ detail }) => detail),
    ).toEqual(fault === undefined ? [] : [`provisioner ${provisioner.name}: ${fault}`]);
  });

  test('more steps than a run may have', async () => {
    const item = { provisionerId: `prv_${ulid('P')}`, enabled: true };
    const items = Array.from({ length: 201 }, () => item);
    expect(await pointersOf({ 'provisioner-group': { ...base(groupId, 'basics'), items } })).toEqual([
      '/provisionerRoleId',
    ]);
  });

  test('a disabled step is not judged', async () => {
    const provisioner = storedProvisioner('windows-update');
    const group = { ...base(groupId, 'basics'), items: [{ provisionerId: provisioner.id, enabled: false }] };
    expect(await pointersOf({ provisioner, 'provisioner-group': group })).toEqual([]);
  });
});
