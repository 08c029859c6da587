import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createWorkspace } from '../../../../functions/api/access/workspaces.ts';
import { builderConfiguration } from '../../../../functions/api/definitions/entities/builder-configuration.ts';
import { connection } from '../../../../functions/api/definitions/entities/connection.ts';
import { imageDefinition } from '../../../../functions/api/definitions/entities/image-definition.ts';
import { operatingSystem } from '../../../../functions/api/definitions/entities/operating-system.ts';
import { provisioner } from '../../../../functions/api/definitions/entities/provisioner.ts';
import { provisionerGroup } from '../../../../functions/api/definitions/entities/provisioner-group.ts';
import { provisionerRole } from '../../../../functions/api/definitions/entities/provisioner-role.ts';
import type { IdKind } from '../../../../shared/contracts/common.ts';
import { changeEntity } from '../../../../shared/runtime/entities/change.ts';
import { createEntity } from '../../../../shared/runtime/entities/create.ts';
import type { EntityInput, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { readEntity } from '../../../../shared/runtime/entities/read.ts';
import { removeEntity } from '../../../../shared/runtime/entities/remove.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { makeSamples, type Sample } from '../../../../shared/samples/index.ts';
import type { Item } from '../../../../shared/store/table.ts';
import { WriteRefused } from '../../../../shared/store/write-refused.ts';
import { scopeTo, type WorkspaceScope } from '../../../../shared/store/workspace-scope.ts';
import { memoryTable } from '../../../support/memory-table.ts';

let table = memoryTable();
beforeEach(() => {
  table = memoryTable();
});
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };
const path = '/v1/things';
const idSchema = z.looseObject({ id: z.string() });
const idOf = (answer: { body?: unknown }) => idSchema.parse(answer.body).id;

const makeWorkspace = async (): Promise<WorkspaceScope> => {
  const body = { name: 'Team', description: '', tags: {} };
  return scopeTo(idOf(await createWorkspace(table, 5, { body, principal, remember: () => [] })));
};
const contextOf = (scope: WorkspaceScope) => ({
  table,
  scope,
  secrets: { seal: () => Promise.reject(new Error('no sample has a secret')) },
});
const create = async <I extends EntityInput>(scope: WorkspaceScope, module: EntityModule<I>, body: unknown) =>
  idOf(
    await createEntity(module, contextOf(scope), {
      body: module.input.parse(body),
      principal,
      path,
      remember: () => [],
    }),
  );
const call = (id: string) => ({ params: { id }, headers: {}, principal });
const problemOf = async (done: Promise<unknown>) =>
  z
    .looseObject({ code: z.string() })
    .parse(await done.then(() => ({ code: 'done' })).catch((error: unknown) => error));

const rowsOf = (scope: WorkspaceScope) => table.query({ pk: `WS#${scope.workspaceId}`, prefix: '' });
const entities = async (scope: WorkspaceScope, kind: IdKind) =>
  (await table.query({ pk: `WS#${scope.workspaceId}`, prefix: `ENTITY#${kind}#` })).map((row) =>
    z.looseObject({ id: z.string(), name: z.string() }).parse(row),
  );
const named = async (scope: WorkspaceScope, kind: IdKind, name: string): Promise<string> => {
  const found = (await entities(scope, kind)).find((row) => row.name === `Example: ${name}`);
  if (found === undefined) throw new Error(`there is no sample ${name}`);
  return found.id;
};
const definitionOf = async (scope: WorkspaceScope, os: string, builder: string, role: string) => ({
  name: 'Web-Base',
  operatingSystemId: await named(scope, 'operating-system', os),
  builderConfigurationId: await named(scope, 'builder-configuration', builder),
  provisionerRoleId: await named(scope, 'provisioner-role', role),
});

/** A row without what differs from one create to the next: ids, times and who refers to it. */
const shapeOf = (row: Item): unknown => {
  const text = JSON.stringify({ ...row, users: undefined, externalId: row['externalId'] && 'made' });
  const alike = text
    .replaceAll(/(?<=_)[0-9A-HJKMNP-TV-Z]{26}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
  return JSON.parse(alike);
};
/** By place and name: ids and so the order differ. */
const shapes = (rows: Item[]) =>
  new Map(
    rows.map((row) => [
      `${String(row['sk']).replace(/_[0-9A-Z]{26}$/, '')} ${String(row['name'])}`,
      shapeOf(row),
    ]),
  );
const isOfEntities = ({ row }: Item) => !['workspace', 'member', 'audit-event'].includes(String(row));

describe('a new workspace', () => {
  test('holds its samples when its create answers, made by who made it (S38)', async () => {
    const scope = await makeWorkspace();
    const counts = await Promise.all(
      (['builder-configuration', 'operating-system', 'provisioner-role'] as const).map(
        async (kind) => (await entities(scope, kind)).length,
      ),
    );
    expect(counts).toEqual([6, 6, 3]);
    const [first] = await entities(scope, 'operating-system');
    expect(first).toMatchObject({ createdBy: 'user-1', rev: 1 });
  });

  test('holds the very rows that creates of the same bodies write (S39)', async () => {
    const scope = await makeWorkspace();
    const own = scopeTo(newId('workspace'));
    const made = new Map<string, string>();
    for (const sample of makeSamples(newId)) {
      const body = [...made].reduce(
        (text, [from, to]) => text.replaceAll(from, to),
        JSON.stringify(sample.input),
      );
      made.set(sample.id, await createLike(own, sample, JSON.parse(body)));
    }
    expect(shapes((await rowsOf(scope)).filter(isOfEntities))).toEqual(
      shapes((await rowsOf(own)).filter(isOfEntities)),
    );
    const users = async (of: WorkspaceScope) =>
      (await rowsOf(of))
        .filter(({ row }) => row === 'users')
        .map((row) => (row['users'] instanceof Set ? row['users'].size : 0))
        .toSorted((a, b) => a - b);
    expect(await users(scope)).toEqual(await users(own));
  });

  test('is written in two transactions', async () => {
    const sizes: number[] = [];
    table.beforeWrite = (writes) => {
      sizes.push(writes.length);
    };
    await makeWorkspace();
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  });

  test('leaves nothing when it is refused: another call with its idempotency key was faster', async () => {
    const key = { pk: 'USER#user-1', sk: 'IDEMPOTENCY#digest', row: 'idempotency' as const };
    await table.write([{ put: key }]);
    const before = table.rows.size;
    const body = { name: 'Team', description: '', tags: {} };
    const remember = () => [{ put: key, if: { exists: false } }];
    await expect(createWorkspace(table, 5, { body, principal, remember })).rejects.toThrow(WriteRefused);
    expect(table.rows.size).toBe(before);
  });

  test('is not there when its samples could not be written', async () => {
    table.beforeWrite = () => {
      throw new Error('throttled');
    };
    await expect(makeWorkspace()).rejects.toThrow('throttled');
    expect(table.rows.size).toBe(0);
  });
});

const createLike = (scope: WorkspaceScope, { kind }: Sample, body: unknown): Promise<string> => {
  if (kind === 'connection') return create(scope, connection, body);
  if (kind === 'operating-system') return create(scope, operatingSystem, body);
  if (kind === 'builder-configuration') return create(scope, builderConfiguration, body);
  if (kind === 'provisioner') return create(scope, provisioner, body);
  return kind === 'provisioner-group'
    ? create(scope, provisionerGroup, body)
    : create(scope, provisionerRole, body);
};

const linuxes = ['Ubuntu 24.04 LTS', 'Debian 13', 'Rocky Linux 9'];
const windows = ['Windows Server 2022', 'Windows Server 2025'];
const clouds = ['AWS, AMI', 'Azure, managed image', 'Azure, gallery image', 'Google Cloud, image'];
type Fit = [os: string, builder: string, role: string, warnings: string[]];
/** A connector and a password are the user's to name. */
const ownSite = ['connector-needed', 'login-missing'];
const fitting: Fit[] = [
  ...linuxes.flatMap((os) => clouds.map((builder): Fit => [os, builder, 'Hardened Linux', []])),
  ['Amazon Linux 2023', 'AWS, AMI', 'Hardened Linux', []],
  ...[...linuxes, 'Amazon Linux 2023'].map((os): Fit => [os, 'QEMU, Linux', 'Hardened Linux', ownSite]),
  ...windows.flatMap((os) => clouds.map((builder): Fit => [os, builder, 'Patched Windows', []])),
  ...windows.map((os): Fit => [os, 'QEMU, Windows', 'Patched Windows, on-premises', ownSite]),
];

describe('an image definition made of samples', () => {
  test.each(fitting)(
    'of %s, %s and %s is accepted, with the warnings %j (S39)',
    async (os, builder, role, codes) => {
      const scope = await makeWorkspace();
      const id = await create(scope, imageDefinition, await definitionOf(scope, os, builder, role));
      const { body } = await readEntity(imageDefinition, contextOf(scope), id);
      const { warnings } = z.object({ warnings: z.array(z.object({ code: z.string() })) }).parse(body);
      expect(warnings.map(({ code }) => code).toSorted()).toEqual(codes);
    },
  );

  test.each(clouds.slice(1))('of Amazon Linux and %s is refused: there is no such image', async (builder) => {
    const scope = await makeWorkspace();
    const body = await definitionOf(scope, 'Amazon Linux 2023', builder, 'Hardened Linux');
    expect(await problemOf(create(scope, imageDefinition, body))).toMatchObject({
      extras: { errors: [{ pointer: '/operatingSystemId', code: 'no-base-image' }] },
    });
  });
});

describe('a sample is an ordinary entity', () => {
  test('that can be changed and deleted, which nobody else notices (S39, S41)', async () => {
    const [one, other] = [await makeWorkspace(), await makeWorkspace()];
    const before = await rowsOf(other);
    const id = await named(one, 'operating-system', 'Debian 13');
    const patch = { name: 'Our Debian', supportState: 'deprecated' };
    const changed = await changeEntity(operatingSystem, contextOf(one), { ...call(id), body: patch });
    expect(changed.body).toMatchObject({ ...patch, rev: 2 });
    await removeEntity(operatingSystem, contextOf(one), call(id));
    await removeEntity(
      provisionerRole,
      contextOf(one),
      call(await named(one, 'provisioner-role', 'Hardened Linux')),
    );
    expect(await rowsOf(other)).toEqual(before);
    expect((await entities(one, 'operating-system')).map(({ id: left }) => left)).not.toContain(id);
  });

  test('that stays while another refers to it, and goes after it', async () => {
    const scope = await makeWorkspace();
    const qemu = await named(scope, 'connection', 'QEMU');
    const remove = () => removeEntity(connection, contextOf(scope), call(qemu));
    expect(await problemOf(remove())).toMatchObject({ code: 'in-use', extras: { usedByCount: 2 } });
    for (const builder of ['QEMU, Linux', 'QEMU, Windows']) {
      const id = await named(scope, 'builder-configuration', builder);
      await removeEntity(builderConfiguration, contextOf(scope), call(id));
    }
    expect(await problemOf(remove())).toMatchObject({ code: 'done' });
  });

  test('beside which a team makes its own, of any name but theirs (S40)', async () => {
    const scope = await makeWorkspace();
    const id = await named(scope, 'operating-system', 'Debian 13');
    const [sample] = (await entities(scope, 'operating-system')).filter((row) => row.id === id);
    const body = { ...bodySchema.parse(sample), name: 'Debian 13' };
    expect(await create(scope, operatingSystem, body)).not.toBe(id);
    const again = { ...body, name: 'EXAMPLE: Debian 13' };
    expect(await problemOf(create(scope, operatingSystem, again))).toMatchObject({ code: 'name-taken' });
  });
});

const bodySchema = z.object({
  family: z.string(),
  distribution: z.string(),
  version: z.string(),
  architecture: z.string(),
  images: z.array(z.unknown()),
});
