import { describe, expect, test } from 'vitest';
import { gatherSnapshot } from '../../../../shared/actions/gather-snapshot.ts';
import type { IdKind } from '../../../../shared/contracts/common.ts';
import type { ImageVersion } from '../../../../shared/contracts/entities/image-version.ts';
import { builderKinds, platformKinds } from '../../../../shared/contracts/platforms/kinds.ts';
import { type RunSnapshot, runSnapshotSchema } from '../../../../shared/contracts/snapshot.ts';
import { recordImageVersion } from '../../../../shared/store/image-version-store.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { at, base, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { exampleTypes, imageExamples, imageOf } from '../../../support/platform-bodies.ts';
import { resourceRow } from '../../../support/resource-rows.ts';
import {
  connectionOf,
  storedBuilder,
  storedConnection,
  storedProvisioner,
  storedSystem,
} from '../../../support/stored-entities.ts';

const definitionId = `def_${ulid('D')}`;
const layerId = `def_${ulid('YER')}`;
const groupId = `grp_${ulid('G')}`;

type Row = { id: string } & Record<string, unknown>;
type Rows = Partial<Record<IdKind, Row | Row[] | undefined>>;

const definitionRow = (id: string, fields: object = {}): Row => ({
  ...base(id, 'Web-Base'),
  operatingSystemId: `os_${ulid('S')}`,
  builderConfigurationId: `bld_${ulid('B')}`,
  provisionerRoleId: `rol_${ulid('R')}`,
  ...fields,
});

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
const workspace = async (changed: Rows = {}, versions: ImageVersion[] = []) => {
  const table = memoryTable();
  const provisioner = storedProvisioner('shell', { environment: { A: 'own', B: 'own', C: 'own' } });
  const rows: Rows = {
    'image-definition': definitionRow(definitionId, { variables: { A: 'definition' } }),
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
  for (const kind of kinds)
    for (const row of [rows[kind] ?? []].flat())
      await table.write([{ put: { ...keys.entity(scope, kind, row.id), row: kind, ...row } }]);
  for (const version of versions) await table.write(recordImageVersion(scope, version));
  return gatherSnapshot({ table, scope }, definitionId);
};

/** The snapshot, which must be there and read back as it is. */
const snapshotOf = async (changed: Rows = {}, versions: ImageVersion[] = []): Promise<RunSnapshot> => {
  const gathered = await workspace(changed, versions);
  if (gathered?.snapshot === undefined) throw new Error(JSON.stringify(gathered));
  expect(gathered.obstacles).toEqual([]);
  expect(runSnapshotSchema.parse(JSON.parse(JSON.stringify(gathered.snapshot)))).toEqual(gathered.snapshot);
  return gathered.snapshot;
};

/** Pointer and code of all that is in the way of a template, for which there is no snapshot then. */
const obstaclesOf = async (changed: Rows, versions: ImageVersion[] = []): Promise<string[]> => {
  const { obstacles = [], snapshot } = (await workspace(changed, versions)) ?? {};
  expect(snapshot === undefined).toBe(obstacles.length > 0);
  return obstacles.map(({ pointer, code }) => `${pointer} ${code}`);
};

const resourceId = `res_${ulid('R')}`;
const uploaded = (end: string, resourceVersion?: number) =>
  storedProvisioner('file', { id: `prv_${ulid(end)}`, name: `copy ${end}`, resourceId, resourceVersion });
const groupOf = (provisioners: Row[]): Row => ({
  ...base(groupId, 'basics'),
  items: provisioners.map(({ id }) => ({ provisionerId: id, enabled: true })),
});

describe('what a run uses (S11, S29)', () => {
  test('is a snapshot with the environment that is in force', async () => {
    expect((await snapshotOf()).steps).toMatchObject([
      { index: 1, groupName: 'basics', environment: { A: 'definition', B: 'group', C: 'own' } },
    ]);
  });

  test.each([
    ['powershell', { PATH: 'definition', temp: 'group', Home: 'own' }],
    ['shell', { Path: 'own', PATH: 'definition', Temp: 'own', temp: 'group', Home: 'own' }],
  ] as const)('has a variable of %s once, as the system tells names apart', async (type, environment) => {
    const provisioner = storedProvisioner(type, { environment: { Path: 'own', Temp: 'own', Home: 'own' } });
    const items = [{ provisionerId: provisioner.id, enabled: true, environment: { temp: 'group' } }];
    const { steps } = await snapshotOf({
      'image-definition': definitionRow(definitionId, { variables: { PATH: 'definition' } }),
      'provisioner-group': { ...base(groupId, 'basics'), items },
      provisioner,
    });
    expect(steps[0]?.environment).toEqual(environment);
  });

  test('of a definition that is not there is nothing', async () => {
    expect(await workspace({ 'image-definition': undefined })).toBeUndefined();
  });

  test.each(exampleTypes)(
    'of builder type %s is gathered like any other; connectors are waited for',
    async (type) => {
      const { platform, imageTypes } = builderKinds[type];
      const taken: readonly string[] = imageTypes;
      const images = imageExamples.filter((one) => taken.includes(one) && one !== 'image-definition');
      const gathered = await workspace({
        'operating-system': storedSystem(images.map((image) => imageOf(image))),
        'builder-configuration': storedBuilder(type),
        connection: storedConnection(connectionOf[type]),
        resource: resourceRow(resourceId),
      });
      expect(gathered).toMatchObject({
        obstacles: [],
        snapshot: { builderConfiguration: { builderType: type }, connection: { platform } },
      });
      const onPremises = platformKinds[platform].runsOn === 'connector';
      expect(gathered?.waits.map(({ code }) => code)).toEqual(onPremises ? ['connector-needed'] : []);
    },
  );
});

describe('uploaded files of a run', () => {
  test('are pinned: a step without a version means the newest that is there, not what is uploaded next', async () => {
    const steps = [uploaded('NEW'), uploaded('X2', 2)];
    const snapshot = await snapshotOf({
      provisioner: steps,
      'provisioner-group': groupOf(steps),
      resource: resourceRow(resourceId),
    });
    expect(snapshot.steps.map(({ provisioner }) => provisioner)).toMatchObject([
      { name: 'copy NEW', resourceVersion: 3 },
      { name: 'copy X2', resourceVersion: 2 },
    ]);
    expect(snapshot.files).toEqual([
      {
        resourceId,
        name: 'installer',
        version: 3,
        fileName: 'setup-3.sh',
        sizeBytes: 3,
        sha256: '3'.repeat(64),
        objectVersion: 'bytes 3',
      },
      expect.objectContaining({ resourceId, version: 2, objectVersion: 'bytes 2' }),
    ]);
  });

  test('are each there once, the newest first, however many steps use them', async () => {
    const steps = [uploaded('A', 2), uploaded('B', 3), uploaded('C'), uploaded('E', 2)];
    const changed = {
      provisioner: steps,
      'provisioner-group': groupOf(steps),
      resource: resourceRow(resourceId),
    };
    expect((await snapshotOf(changed)).files.map(({ version }) => version)).toEqual([3, 2]);
  });

  test('of an unattended installation are among them, for a builder that installs', async () => {
    const answers = `res_${ulid('ANSWERS')}`;
    const unattended = { bootCommand: [], resourceIds: [answers] };
    const changed: Rows = {
      'operating-system': storedSystem([imageOf('iso', { unattended }), imageOf('aws-ami')]),
      resource: resourceRow(answers, { name: 'answers' }),
    };
    expect((await snapshotOf(changed)).files).toEqual([]);
    const installed = await snapshotOf({
      ...changed,
      'builder-configuration': storedBuilder('qemu'),
      connection: storedConnection('qemu'),
    });
    expect(installed.files).toMatchObject([{ resourceId: answers, version: 3 }]);
  });

  test.each([
    [1, 'version 1 of installer has no content'],
    [5, 'installer has no version 5'],
    [4, 'version 4 of installer has no content'],
  ])('stop a run whose step names version %i, which is not there', async (version, fault) => {
    const provisioner = uploaded('X', version);
    const gathered = await workspace({
      provisioner,
      'provisioner-group': groupOf([provisioner]),
      resource: resourceRow(resourceId),
    });
    expect(gathered).toEqual({
      obstacles: [
        {
          pointer: '/provisionerRoleId',
          code: 'resource-not-available',
          detail: `provisioner copy X: ${fault}`,
        },
      ],
      waits: [],
    });
  });

  test('stop a run when they are gone', async () => {
    const provisioner = uploaded('X');
    const changed = { provisioner, 'provisioner-group': groupOf([provisioner]) };
    expect(await obstaclesOf(changed)).toEqual(['/provisionerRoleId resource-not-available']);
  });
});

describe('images that build on images', () => {
  const layered = {
    'operating-system': storedSystem([imageOf('image-definition', { imageDefinitionId: layerId })]),
  };
  const rows: Rows = {
    ...layered,
    'image-definition': [definitionRow(definitionId), definitionRow(layerId, { name: 'Base' })],
  };
  const version = (number: number, state: ImageVersion['state']): ImageVersion => ({
    id: `ver_${ulid(number)}`,
    number,
    name: `Base-v${number}`,
    imageDefinitionId: layerId,
    runId: `run_${ulid(number)}`,
    state,
    locators: [
      {
        role: 'primary',
        region: 'eu-west-1',
        accountId: '1',
        amiId: `ami-${number}`,
        amiName: `Base-v${number}`,
      },
    ],
    toolchain: {},
    createdAt: at(number),
  });

  test.each<[ImageVersion['state'][], number]>([
    [['available'], 1],
    [['available', 'available'], 2],
    [['available', 'deprecated'], 2],
    [['deprecated', 'available', 'revoked', 'missing', 'deleted'], 2],
  ])('start from the newest version that can be used: of %j number %i', async (states, number) => {
    const versions = states.map((state, place) => version(place + 1, state));
    expect((await snapshotOf(rows, versions)).layer).toEqual({
      imageDefinitionId: layerId,
      imageVersionId: `ver_${ulid(number)}`,
      name: `Base-v${number}`,
      createdAt: at(number),
      locators: version(number, 'available').locators,
    });
  });

  test.each<[string, ImageVersion['state'][]]>([
    ['has made none', []],
    ['has none that can be used', ['revoked', 'missing', 'deleted']],
  ])('cannot when the other definition %s', async (_, states) => {
    const versions = states.map((state, place) => version(place + 1, state));
    expect(await obstaclesOf(rows, versions)).toEqual(['/operatingSystemId no-base-image']);
  });

  test('cannot when the other definition moved to another platform', async () => {
    const other = `bld_${ulid('AZ')}`;
    const moved: Rows = {
      ...rows,
      'image-definition': [
        definitionRow(definitionId),
        definitionRow(layerId, { builderConfigurationId: other }),
      ],
      'builder-configuration': [
        storedBuilder('amazon-ebs'),
        storedBuilder('azure-managed', {}, { id: other }),
      ],
    };
    expect(await obstaclesOf(moved, [version(1, 'available')])).toEqual(['/operatingSystemId no-base-image']);
  });

  test('look at no version when a more exact image is there', async () => {
    const images = [
      imageOf('image-definition', { imageDefinitionId: layerId }),
      imageOf('aws-ami', { region: 'eu-west-1' }),
    ];
    const snapshot = await snapshotOf({ ...rows, 'operating-system': storedSystem(images) });
    expect(snapshot.layer).toBeUndefined();
  });
});

describe('the generalise step', () => {
  const windows = (images: object[]) => ({
    'operating-system': storedSystem(images, { family: 'windows' }),
    provisioner: storedProvisioner('powershell'),
    resource: resourceRow(resourceId),
  });

  test('comes last by itself where Windows is built in a cloud, behind the steps of the role (S85)', async () => {
    const { steps } = await snapshotOf(windows([imageOf('aws-ami')]));
    expect(steps.map(({ index, provisioner }) => [index, provisioner.type])).toEqual([
      [1, 'powershell'],
      [2, 'powershell'],
    ]);
    expect(steps[1]).toMatchObject({ groupName: 'Goldsmith', provisioner: { createdBy: 'goldsmith' } });
  });

  test('is not for Linux (S86)', async () => {
    expect((await snapshotOf()).steps).toHaveLength(1);
  });

  test('is not added on-premises (S87, S88)', async () => {
    const changed = {
      ...windows([imageOf('iso')]),
      'builder-configuration': storedBuilder('qemu'),
      connection: storedConnection('qemu'),
    };
    expect((await snapshotOf(changed)).steps).toHaveLength(1);
  });
});

describe('a run that cannot start names the fields to blame (S2, S32)', () => {
  test.each<[string, Rows, string[]]>([
    ['no operating system', { 'operating-system': undefined }, ['/operatingSystemId missing-reference']],
    ['no connection', { connection: undefined }, ['/builderConfigurationId missing-reference']],
    [
      'neither builder nor role',
      { 'builder-configuration': undefined, 'provisioner-role': undefined },
      ['/builderConfigurationId missing-reference', '/provisionerRoleId missing-reference'],
    ],
    [
      'an image for another builder',
      { 'operating-system': storedSystem([imageOf('iso')]) },
      ['/operatingSystemId no-base-image'],
    ],
    [
      'a connection of another platform',
      { connection: storedConnection('azure client-secret') },
      ['/builderConfigurationId platform-mismatch'],
    ],
  ])('%s', async (_, changed, expected) => {
    expect(await obstaclesOf(changed)).toEqual(expected);
  });

  test('a private network without a connector only waits: its template can be had (S33)', async () => {
    const gathered = await workspace({
      'builder-configuration': storedBuilder('amazon-ebs', {}, { network: 'private' }),
    });
    expect(gathered?.waits).toMatchObject([{ pointer: '/connectorId', code: 'connector-needed' }]);
    expect(gathered).toMatchObject({ obstacles: [], snapshot: { schemaVersion: 1 } });
  });

  test('more steps than a run may have', async () => {
    const item = { provisionerId: `prv_${ulid('P')}`, enabled: true };
    const items = Array.from({ length: 201 }, () => item);
    expect(await obstaclesOf({ 'provisioner-group': { ...base(groupId, 'basics'), items } })).toEqual([
      '/provisionerRoleId too-many-steps',
    ]);
  });

  test('more megabytes of scripts than a run may have', async () => {
    const provisioner = storedProvisioner('shell', { script: 'x'.repeat(200_000) });
    const items = Array.from({ length: 51 }, () => ({ provisionerId: provisioner.id, enabled: true }));
    const changed = { provisioner, 'provisioner-group': { ...base(groupId, 'basics'), items } };
    expect(await obstaclesOf(changed)).toEqual(['/provisionerRoleId too-many-steps']);
  });

  test('a disabled step is not judged', async () => {
    const provisioner = uploaded('Z');
    const group = { ...base(groupId, 'basics'), items: [{ provisionerId: provisioner.id, enabled: false }] };
    expect(await obstaclesOf({ provisioner, 'provisioner-group': group })).toEqual([]);
  });
});
