import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { keys } from '../../../../shared/store/keys.ts';
import {
  definitionBody,
  fileBody,
  groupBody,
  operatingSystemBody,
  roleBody,
} from '../../../support/bodies.ts';
import { type DefinitionsApi, oneOfEachKind, openDefinitionsApi } from '../../../support/definitions-api.ts';
import { containing } from '../../../support/matchers.ts';
import { type MemoryTable, memoryTable } from '../../../support/memory-table.ts';
import { builderOf, connectionBodies, imageOf } from '../../../support/platform-bodies.ts';

let table: MemoryTable;
let api: DefinitionsApi;
beforeEach(async () => {
  table = memoryTable();
  api = await openDefinitionsApi(table);
});

const errorsSchema = z.object({ errors: z.array(z.object({ pointer: z.string(), code: z.string() })) });
/** What a request is refused for, or its status. */
const refusals = async (method: string, path: string, body: object): Promise<string[]> => {
  const answer = await api.ask(method, path, { body });
  if (answer.status !== 422) return [String(answer.status)];
  return errorsSchema.parse(answer.body).errors.map(({ pointer, code }) => `${pointer} ${code}`);
};
const warningsSchema = z.object({ warnings: z.array(z.object({ code: z.string(), detail: z.string() })) });
const warningsOf = async (definitionId: string) =>
  warningsSchema.parse((await api.ask('GET', `/image-definitions/${definitionId}`)).body).warnings;
const codesOf = async (definitionId: string) => (await warningsOf(definitionId)).map(({ code }) => code);

const everything = async () => {
  const made = await oneOfEachKind(api);
  const idOf = (path: string): string => made.get(path)?.id ?? '';
  return {
    connection: idOf('/connections'),
    system: idOf('/operating-systems'),
    builder: idOf('/builder-configurations'),
    provisioner: idOf('/provisioners'),
    group: idOf('/provisioner-groups'),
    role: idOf('/provisioner-roles'),
    definition: idOf('/image-definitions'),
    resource: idOf('/resources'),
  };
};

describe('the platform of what definitions are made of', () => {
  test('never changes', async () => {
    const ids = await everything();
    const { name: _n, ...azure } = connectionBodies['azure client-secret'];
    const auth = { ...azure.settings.auth, accessKeyId: null, secretAccessKey: null };
    const settings = { ...azure.settings, auth, region: null };
    const patch = { ...azure, settings, imageTags: null };
    expect(await refusals('PATCH', `/connections/${ids.connection}`, patch)).toEqual(['/platform immutable']);
    const other = await api.create('/connections', connectionBodies.qemu);
    const { name: _m, ...qemu } = builderOf('qemu', {}, { connectionId: other.id });
    const gone = { region: null, instanceType: null, amiDescription: null };
    expect(
      await refusals('PATCH', `/builder-configurations/${ids.builder}`, {
        ...qemu,
        settings: { ...gone, ...qemu.settings },
      }),
    ).toEqual(['/platform immutable']);
  });

  test('is that of the builder type, which may change within it', async () => {
    const azure = await api.create('/connections', connectionBodies['azure client-secret']);
    const managed = await api.create(
      '/builder-configurations',
      builderOf('azure-managed', {}, { connectionId: azure.id }),
    );
    const gone = Object.fromEntries(
      Object.keys(builderOf('azure-managed').settings).map((field) => [field, null]),
    );
    const { settings } = builderOf('azure-gallery');
    const patch = { builderType: 'azure-gallery', settings: { ...gone, ...settings } };
    expect(await refusals('PATCH', `/builder-configurations/${managed.id}`, patch)).toEqual(['200']);
  });
});

describe('a change of a part that spoils a definition', () => {
  test('is warned of, and is in the way of no change that has nothing to do with it', async () => {
    const ids = await everything();
    const path = `/image-definitions/${ids.definition}`;
    const system = `/operating-systems/${ids.system}`;
    expect((await api.ask('PATCH', system, { body: { images: [imageOf('gcp-image')] } })).status).toBe(200);
    expect(await codesOf(ids.definition)).toContain('no-base-image');
    expect(await refusals('PATCH', path, { tags: { a: '1' } })).toEqual(['200']);
    expect(await refusals('PATCH', path, { name: 'Other-Name', variables: null })).toEqual(['200']);
    const other = await api.create(
      '/operating-systems',
      operatingSystemBody({ name: 'other', images: [imageOf('gcp-family')] }),
    );
    expect(await refusals('PATCH', path, { operatingSystemId: other.id })).toEqual([
      '/operatingSystemId no-base-image',
    ]);
    expect(await refusals('PATCH', path, { platform: 'azure' })).toEqual(['/platform platform-mismatch']);
  });

  test('leaves a builder changeable whose pool the deployment has no more', async () => {
    const ids = await everything();
    const key = keys.entity(api.scope, 'builder-configuration', ids.builder);
    const row = await table.get(key);
    await table.write([{ put: { ...row, ...key, row: 'builder-configuration', runnerPoolId: 'gone' } }]);
    const path = `/builder-configurations/${ids.builder}`;
    expect(await refusals('PATCH', path, { description: 'new' })).toEqual(['200']);
    expect(await refusals('PATCH', path, { runnerPoolId: 'none' })).toEqual([
      '/runnerPoolId missing-reference',
    ]);
  });
});

describe('the version of an uploaded file (S91)', () => {
  test('must be one of the resource, when it is written and when it is changed', async () => {
    const { resource: resourceId } = await everything();
    const body = fileBody({ content: undefined, resourceId, resourceVersion: 99 });
    expect(await refusals('POST', '/provisioners', body)).toEqual(['/resourceVersion missing-reference']);
    const made = await api.create('/provisioners', { ...body, resourceVersion: 1 });
    const path = `/provisioners/${made.id}`;
    expect(await refusals('PATCH', path, { resourceVersion: 2 })).toEqual([
      '/resourceVersion missing-reference',
    ]);
    expect(await refusals('PATCH', path, { description: 'new' })).toEqual(['200']);
  });

  test.each([undefined, 1])(
    'is saved before its content is there (version %s), and warned of',
    async (resourceVersion) => {
      const { resource: resourceId, group, definition } = await everything();
      const made = await api.create(
        '/provisioners',
        fileBody({ content: undefined, resourceId, resourceVersion }),
      );
      await api.ask('PATCH', `/provisioner-groups/${group}`, {
        body: { items: [{ provisionerId: made.id }] },
      });
      expect(await warningsOf(definition)).toEqual([
        expect.objectContaining({
          code: 'resource-not-available',
          detail: containing('message of the day'),
        }),
      ]);
    },
  );
});

describe('a role of many steps', () => {
  /** Groups of 30 enabled items and one that is not. */
  const manyGroups = async (count: number, provisionerId: string): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const items = [
        { provisionerId, enabled: false },
        ...Array.from({ length: 29 }, () => ({ provisionerId })),
      ];
      ids.push((await api.create('/provisioner-groups', groupBody([], { name: `group ${n}`, items }))).id);
    }
    return ids;
  };

  test('has as many as a run may have, where its groups are chosen', async () => {
    const ids = await everything();
    const groupIds = await manyGroups(7, ids.provisioner);
    const refused = ['/groupIds too-many-steps'];
    expect(await refusals('POST', '/provisioner-roles', roleBody(groupIds, { name: 'large' }))).toEqual(
      refused,
    );
    const path = `/provisioner-roles/${ids.role}`;
    expect(await refusals('PATCH', path, { groupIds })).toEqual(refused);
    expect(await refusals('PATCH', path, { groupIds: groupIds.slice(0, 6) })).toEqual(['200']);
  });

  test('that grew later is warned of and can be changed', async () => {
    const ids = await everything();
    const groupIds = [ids.group, ...(await manyGroups(6, ids.provisioner))];
    expect(await refusals('PATCH', `/provisioner-roles/${ids.role}`, { groupIds })).toEqual(['200']);
    const items = Array.from({ length: 30 }, () => ({ provisionerId: ids.provisioner }));
    expect(await refusals('PATCH', `/provisioner-groups/${ids.group}`, { items })).toEqual(['200']);
    expect(await codesOf(ids.definition)).toEqual(['too-many-steps']);
    expect(await refusals('PATCH', `/provisioner-roles/${ids.role}`, { tags: {} })).toEqual(['200']);
  });

  test('has 50 warnings at most, the last of which tells of the others', async () => {
    const ids = await everything();
    const groupIds = await manyGroups(6, ids.provisioner);
    await api.ask('PATCH', `/provisioner-roles/${ids.role}`, { body: { groupIds } });
    const change = { family: 'windows' };
    await api.ask('PATCH', `/operating-systems/${ids.system}`, { body: change });
    const warnings = await warningsOf(ids.definition);
    expect(warnings).toHaveLength(50);
    expect(warnings.at(-1)).toMatchObject({ code: 'more', detail: 'and 125 more' });
  });

  test('is judged without its scripts being read', async () => {
    const ids = await everything();
    const { getAll } = table;
    const read: string[] = [];
    table.getAll = async (wanted, only) => {
      const items = await getAll(wanted, only);
      read.push(...items.flatMap((item) => ('script' in item ? [String(item['id'])] : [])));
      return items;
    };
    const path = `/image-definitions/${ids.definition}`;
    expect((await api.ask('GET', path)).status).toBe(200);
    expect((await api.ask('PATCH', path, { body: { tags: {} } })).status).toBe(200);
    expect((await api.ask('GET', `/provisioner-roles/${ids.role}/provisioners`)).status).toBe(200);
    expect(read).toEqual([]);
  });
});

describe('Windows on-premises without a step that generalises (S87)', () => {
  const windows = async (script: string, name = 'last step') => {
    const connection = await api.create('/connections', connectionBodies.qemu);
    const builder = await api.create(
      '/builder-configurations',
      builderOf('qemu', {}, { connectionId: connection.id }),
    );
    const system = await api.create(
      '/operating-systems',
      operatingSystemBody({ family: 'windows', images: [imageOf('disk', { unattended: undefined })] }),
    );
    const steps: string[] = [];
    for (const [place, text] of [script, ...Array.from({ length: 12 }, () => 'Get-Host')].entries()) {
      const body = {
        name: place === 0 ? name : `step ${place}`,
        type: 'powershell',
        osFamily: 'windows',
        script: text,
      };
      steps.push((await api.create('/provisioners', body)).id);
    }
    const group = await api.create('/provisioner-groups', groupBody(steps));
    const role = await api.create('/provisioner-roles', roleBody([group.id]));
    const parts = {
      operatingSystemId: system.id,
      builderConfigurationId: builder.id,
      provisionerRoleId: role.id,
    };
    return codesOf(
      (await api.create('/image-definitions', definitionBody(parts, { platform: undefined }))).id,
    );
  };

  test.each([
    ['Get-Host', 'last step', true],
    ['& sysprep.exe /generalize', 'last step', false],
    ['Get-Host', 'Sysprep', false],
  ])('%s, called %s: warned of %s', async (script, name, isWarned) => {
    expect((await windows(script, name)).includes('generalise-missing')).toBe(isWarned);
  });
});

describe('images on top of each other', () => {
  /** A definition on a new operating system that starts from the image of another definition. */
  const layer = async (below: string, parts: { builder: string; role: string }, n: number) => {
    const images = [imageOf('image-definition', { imageDefinitionId: below })];
    const system = await api.create(
      '/operating-systems',
      operatingSystemBody({ name: `layer ${n}`, images }),
    );
    const body = definitionBody(
      { operatingSystemId: system.id, builderConfigurationId: parts.builder, provisionerRoleId: parts.role },
      { name: `Layer-${n}` },
    );
    return { system: system.id, attempt: await api.ask('POST', '/image-definitions', { body }) };
  };
  const idSchema = z.object({ id: z.string() });

  test('never come back to themselves, whichever is saved last', async () => {
    const ids = await everything();
    const { system, attempt } = await layer(ids.definition, ids, 1);
    const upper = idSchema.parse(attempt.body).id;
    const own = [imageOf('aws-ami'), imageOf('image-definition', { imageDefinitionId: ids.definition })];
    const circle = ['/images/1/imageDefinitionId circular-reference'];
    expect(await refusals('PATCH', `/operating-systems/${ids.system}`, { images: own })).toEqual(circle);
    const around = [imageOf('aws-ami'), imageOf('image-definition', { imageDefinitionId: upper })];
    expect(await refusals('PATCH', `/operating-systems/${ids.system}`, { images: around })).toEqual(circle);
    for (const id of [upper, ids.definition])
      expect(await refusals('PATCH', `/image-definitions/${id}`, { operatingSystemId: system })).toEqual(
        id === upper ? ['200'] : ['/operatingSystemId circular-reference'],
      );
  });

  test('that came to lie on themselves all the same are warned of', async () => {
    const ids = await everything();
    const key = keys.entity(api.scope, 'operating-system', ids.system);
    const images = [imageOf('image-definition', { imageDefinitionId: ids.definition })];
    const row = await table.get(key);
    await table.write([{ put: { ...row, ...key, row: 'operating-system', images } }]);
    expect(await codesOf(ids.definition)).toContain('circular-reference');
  });

  test('are ten at most', async () => {
    const ids = await everything();
    let below = ids.definition;
    for (let n = 1; n <= 9; n += 1) below = idSchema.parse((await layer(below, ids, n)).attempt.body).id;
    const { attempt } = await layer(below, ids, 10);
    expect(attempt.status).toBe(201);
    const images = [imageOf('image-definition', { imageDefinitionId: idSchema.parse(attempt.body).id })];
    expect(
      await refusals('POST', '/operating-systems', operatingSystemBody({ name: 'top', images })),
    ).toEqual(['/images/0/imageDefinitionId too-many-layers']);
  });
});
