import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { keys } from '../../../../shared/store/keys.ts';
import {
  builderBody,
  connectionBody,
  definitionBody,
  groupBody,
  operatingSystemBody,
  roleBody,
  scheduleBody,
  shellBody,
} from '../../../support/bodies.ts';
import { callApi } from '../../../support/call-api.ts';
import { type DefinitionsApi, oneOfEachKind, openDefinitionsApi } from '../../../support/definitions-api.ts';
import { type MemoryTable, memoryTable } from '../../../support/memory-table.ts';

/** What a team does with its definitions, from the first to the last, through the whole API. */

let table: MemoryTable;
let api: DefinitionsApi;
let id: Record<string, string>;
beforeEach(async () => {
  table = memoryTable();
  api = await openDefinitionsApi(table);
  const made = await oneOfEachKind(api);
  id = Object.fromEntries([...made].map(([path, one]) => [path, one.id]));
});

const definitionPath = () => `/image-definitions/${id['/image-definitions']}`;
const definitionSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  warnings: z.array(z.looseObject({ code: z.string() })).default([]),
});
const read = async () => definitionSchema.parse((await api.ask('GET', definitionPath())).body);
const change = (path: string, body: object) => api.ask('PATCH', path, { body });
const namesOf = (body: unknown) =>
  z
    .object({ items: z.array(z.object({ name: z.string() })) })
    .parse(body)
    .items.map(({ name }) => name);
const list = async (path: string, query = '') => namesOf((await api.ask('GET', path, { query })).body);
const pointersOf = (body: unknown) =>
  z
    .object({ errors: z.array(z.object({ pointer: z.string() })) })
    .parse(body)
    .errors.map((one) => one.pointer);

describe('a definition', () => {
  test('is made in one call, read back with all its parameters and the names of its parts (S3, S5, S8, S18, S67)', async () => {
    expect(await read()).toMatchObject({
      ...definitionBody({
        operatingSystemId: id['/operating-systems'] ?? '',
        builderConfigurationId: id['/builder-configurations'] ?? '',
        provisionerRoleId: id['/provisioner-roles'] ?? '',
      }),
      operatingSystemName: operatingSystemBody().name,
      builderConfigurationName: builderBody().name,
      provisionerRoleName: roleBody().name,
      status: 'NoRuns',
    });
  });

  test('without its parts is refused, and each of them is named (S1, S2, S4)', async () => {
    const missing = await api.ask('POST', '/image-definitions', { body: { name: 'Empty' } });
    expect(pointersOf(missing.body)).toEqual([
      '/operatingSystemId',
      '/builderConfigurationId',
      '/provisionerRoleId',
    ]);
    const nowhere = await api.ask('POST', '/image-definitions', { body: definitionBody() });
    expect(nowhere.status).toBe(422);
    expect(pointersOf(nowhere.body)).toEqual(pointersOf(missing.body));
    expect(await list('/image-definitions')).toHaveLength(1);
  });

  test('can be changed in every parameter, and saving makes no run (S9, S13, S22, S23)', async () => {
    const changes = {
      name: 'Renamed',
      description: 'another',
      tags: { team: 'database' },
      variables: { STAGE: 'live' },
      timeoutSeconds: 7200,
      silenceTimeoutSeconds: 1800,
      firstNumber: 50,
    };
    expect((await change(definitionPath(), changes)).status).toBe(200);
    expect(await read()).toMatchObject({ ...changes, status: 'NoRuns' });
    expect(await table.query({ ...keys.runs(api.scope), prefix: 'RUN#' })).toEqual([]);
  });

  test('has no silence that is longer than its run, whichever of both is changed (N8)', async () => {
    expect(
      (await change(definitionPath(), { timeoutSeconds: 7200, silenceTimeoutSeconds: 3600 })).status,
    ).toBe(200);
    for (const fields of [{ silenceTimeoutSeconds: 7201 }, { timeoutSeconds: 3599 }]) {
      const refused = await change(definitionPath(), fields);
      expect([refused.status, pointersOf(refused.body)]).toEqual([422, ['/silenceTimeoutSeconds']]);
    }
    expect((await change(definitionPath(), { silenceTimeoutSeconds: null })).status).toBe(200);
    expect((await change(definitionPath(), { timeoutSeconds: 3599 })).status).toBe(200);
  });

  test('can be found by name and tag, and its tags are there to pick from (S24, S25)', async () => {
    expect(await list('/image-definitions', 'tag=team:web&tag=purpose:test')).toEqual(['Web-Base']);
    expect(await list('/image-definitions', 'tag=team:web&tag=purpose:other')).toEqual([]);
    expect(await list('/image-definitions', 'name=web-')).toEqual(['Web-Base']);
    expect((await api.ask('GET', '/tags', { query: 'kind=image-definitions' })).body).toEqual({
      purpose: ['test'],
      team: ['web'],
    });
  });

  test('is listed by the platform of its builder and by the state of its latest run (S26, S43, S55)', async () => {
    expect(await list('/image-definitions', 'platform=aws&status=NoRuns')).toEqual(['Web-Base']);
    expect(await list('/image-definitions', 'platform=azure')).toEqual([]);
    expect(await list('/image-definitions', 'status=Running')).toEqual([]);
    expect(await list('/builder-configurations', 'platform=aws')).toEqual([builderBody().name]);
  });

  test('whose platform is not its builder’s is refused (S27)', async () => {
    const refused = await change(definitionPath(), { platform: 'azure' });
    expect(refused.status).toBe(422);
    expect(pointersOf(refused.body)).toEqual(['/platform']);
  });

  test('takes a connector of the workspace and no other (S30)', async () => {
    const connectorId = id['/connectors'];
    expect((await change(definitionPath(), { connectorId })).status).toBe(200);
    expect((await api.ask('DELETE', `/connectors/${connectorId}`)).status).toBe(409);
    const stranger = await change(definitionPath(), { connectorId: 'cnr_01JD0000000000000000000000' });
    expect(pointersOf(stranger.body)).toEqual(['/connectorId']);
    expect((await change(definitionPath(), { connectorId: null })).status).toBe(200);
    expect((await api.ask('DELETE', `/connectors/${connectorId}`)).status).toBe(204);
  });

  test('can be put on schedules, which go on without it when it is deleted (S14, S31, S121)', async () => {
    const definitionId = id['/image-definitions'];
    await api.create('/schedules', scheduleBody({ name: 'weekly too', imageDefinitionIds: [definitionId] }));
    expect((await api.ask('DELETE', definitionPath())).status).toBe(204);
    expect((await api.ask('GET', definitionPath())).status).toBe(404);
    expect(await list('/image-definitions')).toEqual([]);
    expect(await list('/schedules')).toEqual(['weekly too', 'nightly']);
    const { body } = await api.ask('GET', `/schedules/${id['/schedules']}`);
    expect(body).toMatchObject({ imageDefinitionIds: [] });
  });
});

describe('the parts', () => {
  test('of a definition stay while it uses them', async () => {
    for (const [path, user] of [
      ['/operating-systems', 'image-definition'],
      ['/builder-configurations', 'image-definition'],
      ['/provisioner-roles', 'image-definition'],
      ['/connections', 'builder-configuration'],
      ['/provisioner-groups', 'provisioner-role'],
      ['/provisioners', 'provisioner-group'],
    ]) {
      const refused = await api.ask('DELETE', `${path}/${id[path ?? '']}`);
      expect(refused).toMatchObject({ status: 409, body: { code: 'in-use', usedBy: [{ kind: user }] } });
    }
  });

  test('are shown laid flat with their OS family, and the unsuitable group can be taken out (S29, S159, S160)', async () => {
    const body = { name: 'for Windows', type: 'powershell', osFamily: 'windows', script: 'exit 0' };
    const stranger = await api.create('/provisioners', body);
    const group = await api.create('/provisioner-groups', groupBody([stranger.id], { name: 'strangers' }));
    const rolePath = `/provisioner-roles/${id['/provisioner-roles']}`;
    const suitable = id['/provisioner-groups'];
    await change(rolePath, { groupIds: [suitable, group.id] });
    expect((await api.ask('GET', `${rolePath}/provisioners`)).body).toMatchObject({
      items: [
        { order: 1, groupName: 'basics', osFamily: 'linux' },
        { order: 2, groupName: 'strangers', provisionerName: 'for Windows', osFamily: 'windows' },
      ],
    });
    expect((await read()).warnings.map(({ code }) => code)).toContain('provisioner-os-mismatch');
    await change(rolePath, { groupIds: [suitable] });
    expect((await read()).warnings).toEqual([]);
  });

  test('can be corrected in place: network names of a builder, the script of a provisioner (S161, S163)', async () => {
    const path = `/builder-configurations/${id['/builder-configurations']}`;
    const settings = { vpcId: 'vpc-0123456789abcdef0', subnetId: 'subnet-0123456789abcdef0' };
    await change(path, { settings });
    expect((await api.ask('GET', path)).body).toMatchObject({ rev: 2, settings });
    const provisioner = `/provisioners/${id['/provisioners']}`;
    await change(provisioner, { script: 'echo mended' });
    expect((await api.ask('GET', provisioner)).body).toMatchObject({
      ...shellBody({ script: 'echo mended' }),
      secretEnvironment: { LICENCE_KEY: { set: true } },
    });
  });

  test('an operating system can be withdrawn, a newer one added beside it and switched to (S28, S164, S165, S166, S167)', async () => {
    const old = `/operating-systems/${id['/operating-systems']}`;
    await change(old, { supportState: 'withdrawn' });
    expect((await read()).warnings.map(({ code }) => code)).toEqual(['operating-system-withdrawn']);
    const newer = await api.create(
      '/operating-systems',
      operatingSystemBody({ name: 'Ubuntu 26.04', version: '26.04' }),
    );
    expect(await list('/operating-systems', 'family=linux')).toEqual(['Ubuntu 26.04', 'Ubuntu 24.04']);
    await change(definitionPath(), { operatingSystemId: newer.id });
    expect(await read()).toMatchObject({ operatingSystemName: 'Ubuntu 26.04', warnings: [] });
    expect((await api.ask('DELETE', old)).status).toBe(204);
  });

  test('own builders, operating systems and roles stand beside those that were there (S40)', async () => {
    await api.create('/builder-configurations', builderBody(id['/connections'], { name: 'mine' }));
    await api.create('/provisioner-roles', roleBody([id['/provisioner-groups'] ?? ''], { name: 'mine' }));
    expect(await list('/builder-configurations')).toContain('mine');
    expect(await list('/provisioner-roles')).toContain('mine');
  });
});

describe('schedules', () => {
  test('are listed, and definitions are added to one and taken from it (S117, S118, S122, S123)', async () => {
    expect(await list('/schedules')).toEqual(['nightly']);
    const other = await api.create(
      '/image-definitions',
      definitionBody(
        {
          operatingSystemId: id['/operating-systems'] ?? '',
          builderConfigurationId: id['/builder-configurations'] ?? '',
          provisionerRoleId: id['/provisioner-roles'] ?? '',
        },
        { name: 'Other' },
      ),
    );
    const path = `/schedules/${id['/schedules']}`;
    const both = [id['/image-definitions'], other.id];
    expect((await change(path, { imageDefinitionIds: both })).body).toMatchObject({
      imageDefinitionIds: both,
    });
    await change(path, { imageDefinitionIds: [other.id] });
    expect((await api.ask('GET', path)).body).toMatchObject({ imageDefinitionIds: [other.id] });
  });
});

test('of two workspaces neither sees, changes or uses what is in the other (S37, S41)', async () => {
  const stranger = await openDefinitionsApi(table);
  expect(namesOf((await stranger.ask('GET', '/connections')).body)).toEqual([]);
  for (const [path, theirs] of Object.entries(id)) {
    expect((await stranger.ask('GET', `${path}/${theirs}`)).status).toBe(404);
    expect((await stranger.ask('PATCH', `${path}/${theirs}`, { body: { description: 'x' } })).status).toBe(
      404,
    );
    expect((await stranger.ask('DELETE', `${path}/${theirs}`)).status).toBe(404);
  }
  const using = await stranger.ask('POST', '/builder-configurations', {
    body: builderBody(id['/connections']),
  });
  expect(pointersOf(using.body)).toEqual(['/connectionId']);
});

test('who may not write causes no sealing, only reads that nobody sees', async () => {
  const seal = vi.fn<() => Promise<never>>().mockRejectedValue(new Error('sealed'));
  const own = await openDefinitionsApi(table, { seal });
  const theirs = `/v1/workspaces/${api.workspaceId.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`;
  const asked = { method: 'POST', path: `${theirs}/connections`, body: connectionBody() };
  expect((await callApi(own.handler, asked)).status).toBe(404);
  expect(seal).not.toHaveBeenCalled();
});

describe('the order of refusals', () => {
  test('is shape, then there, then If-Match, then rules', async () => {
    const stale = { 'if-match': '"9"' };
    const ask = (path: string, body: object) => api.ask('PATCH', path, { body, headers: stale });
    expect((await ask(definitionPath(), { timeoutSeconds: 'long' })).status).toBe(422);
    const connection = `/connections/${id['/connections']}`;
    expect((await ask(connection, { settings: { region: 5 } })).body).toMatchObject({ code: 'invalid-body' });
    expect((await ask('/connections/con_none', {})).status).toBe(404);
    expect((await ask(definitionPath(), { platform: 'azure' })).status).toBe(412);
  });

  test('has a bad idempotency key before a bad shape', async () => {
    const headers = { 'idempotency-key': 'x'.repeat(256) };
    expect((await api.ask('POST', '/connections', { body: {}, headers })).status).toBe(400);
    expect((await api.ask('POST', '/connections', { body: {} })).status).toBe(422);
  });
});

test('names are found as they are compared: case, forms and sharp s do not count (S24)', async () => {
  await api.create('/connectors', { name: 'Straße in Köln' });
  for (const name of ['STRASSE', 'stra', 'Straße in Ko\u0308']) {
    expect(await list('/connectors', `name=${encodeURIComponent(name)}`)).toEqual(['Straße in Köln']);
  }
});
