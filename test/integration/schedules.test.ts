import { beforeAll, describe, expect, test } from 'vitest';
import { nextFiringsSchema, scheduleSchema } from '../../shared/contracts/entities/schedule.ts';
import { definitionBody, scheduleBody } from '../support/bodies.ts';
import { call, makeDefinition, makeWorkspace, problem, type TestWorkspace } from './client.ts';

let workspace: TestWorkspace;
let web: string;
let db: string;
beforeAll(async () => {
  workspace = await makeWorkspace();
  const { id, parts } = await makeDefinition(workspace);
  web = id;
  db = await workspace.create('/image-definitions', definitionBody(parts, { name: 'Db-Base' }));
});

let count = 0;
const bodyOf = (fields: object = {}) => scheduleBody({ name: `schedule ${(count += 1)}`, ...fields });
const read = async (id: string) => scheduleSchema.parse((await workspace.at('GET', `/schedules/${id}`)).body);
const nextOf = async (id: string) =>
  nextFiringsSchema.parse((await workspace.at('GET', `/schedules/${id}/next-firings`)).body);
const schedulesNow = async () => (await workspace.list('/schedules?limit=200')).items.length;

describe('schedules', () => {
  test('are previewed, created, listed, read, changed and deleted (S31, S117 to S120, S123)', async () => {
    // So far ahead that the time of this test is no matter.
    const startAt = '2090-01-01T00:00:00.000Z';
    const { name: _, ...rule } = bodyOf({ startAt });
    const preview = await workspace.at('POST', '/schedules/preview', { body: rule });
    expect([preview.status, preview.body]).toMatchObject([200, { expression: 'cron(0 3 * * ? *)' }]);

    const body = bodyOf({ startAt, imageDefinitionIds: [web, db] });
    const made = await workspace.at('POST', '/schedules', { body });
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
    const { id } = scheduleSchema.parse(made.body);
    expect(made.headers.get('location')).toBe(`${workspace.base}/schedules/${id}`);
    expect(await read(id)).toMatchObject(body);
    expect((await workspace.list('/schedules?tag=team:web')).items.map((one) => one.id)).toContain(id);
    expect(nextFiringsSchema.parse(preview.body).items).toEqual((await nextOf(id)).items);

    const patch = { body: { imageDefinitionIds: [db], enabled: false }, headers: { 'if-match': '"1"' } };
    const changed = await workspace.at('PATCH', `/schedules/${id}`, patch);
    expect(changed.headers.get('etag')).toBe('"2"');
    expect(await read(id)).toMatchObject({ imageDefinitionIds: [db], enabled: false, rev: 2 });
    expect(problem(await workspace.at('PATCH', `/schedules/${id}`, patch)).status).toBe(412);
    expect(await nextOf(id)).toEqual({ items: [], reason: 'disabled' });

    const firings = await workspace.at('GET', `/schedules/${id}/firings`);
    expect([firings.status, firings.body]).toEqual([200, { items: [] }]);
    expect((await workspace.at('DELETE', `/schedules/${id}`)).status).toBe(204);
    for (const path of ['', '/next-firings', '/firings'])
      expect(problem(await workspace.at('GET', `/schedules/${id}${path}`)).status).toBe(404);
  });

  test('go on without a definition that is deleted (S15, S121, S122)', async () => {
    const { parts } = await makeDefinition(workspace);
    const passing = await workspace.create('/image-definitions', definitionBody(parts, { name: 'Passing' }));
    const ids = [];
    for (const imageDefinitionIds of [[passing], [web, passing]])
      ids.push(await workspace.create('/schedules', bodyOf({ imageDefinitionIds })));
    expect((await workspace.at('DELETE', `/image-definitions/${passing}`)).status).toBe(204);
    const held = await Promise.all(ids.map(async (id) => (await read(id)).imageDefinitionIds));
    expect(held).toEqual([[], [web]]);
    const last = ids.at(-1);
    const changed = await workspace.at('PATCH', `/schedules/${last}`, {
      body: { description: 'still here' },
    });
    expect([changed.status, changed.body]).toMatchObject([200, { imageDefinitionIds: [web] }]);
    const again = await workspace.at('PATCH', `/schedules/${last}`, {
      body: { imageDefinitionIds: [web, passing] },
    });
    expect(problem(again).errors?.map(({ pointer }) => pointer)).toEqual(['/imageDefinitionIds/1']);
  });

  test('that are wrong are refused field by field, and nothing is stored', async () => {
    const before = await schedulesNow();
    const shape = bodyOf({ frequency: { type: 'weekly', daysOfWeek: ['MONDAY'] }, timeZone: 'Nowhere' });
    const shapeless = problem(await workspace.at('POST', '/schedules', { body: shape }));
    expect([shapeless.status, shapeless.errors?.map(({ pointer }) => pointer).toSorted()]).toEqual([
      422,
      ['/frequency/daysOfWeek/0', '/timeZone'],
    ]);
    const never = { frequency: { type: 'cron', expression: '0 0 31 2 ? *' } };
    for (const path of ['/schedules', '/schedules/preview']) {
      const refused = problem(await workspace.at('POST', path, { body: bodyOf(never) }));
      expect([refused.status, refused.errors]).toMatchObject([422, [{ pointer: '/frequency/expression' }]]);
    }
    expect(await schedulesNow()).toBe(before);
  });

  test('are read and previewed by viewers, changed by editors, and seen by no other workspace', async () => {
    const [viewer, editor] = [await workspace.token('viewer'), await workspace.token('editor')];
    const id = await workspace.create('/schedules', bodyOf());
    const statusOf = async (token: string, method: string, path: string, body?: object) =>
      (await workspace.at(method, path, { token, body })).status;
    expect(await statusOf(viewer, 'GET', `/schedules/${id}`)).toBe(200);
    expect(await statusOf(viewer, 'GET', `/schedules/${id}/next-firings`)).toBe(200);
    expect(await statusOf(viewer, 'POST', '/schedules/preview', bodyOf())).toBe(200);
    expect(await statusOf(viewer, 'POST', '/schedules', bodyOf())).toBe(403);
    expect(await statusOf(viewer, 'PATCH', `/schedules/${id}`, { enabled: false })).toBe(403);
    expect(await statusOf(viewer, 'DELETE', `/schedules/${id}`)).toBe(403);
    expect(await statusOf(editor, 'PATCH', `/schedules/${id}`, { enabled: false })).toBe(200);
    const other = await makeWorkspace();
    expect((await other.at('GET', `/schedules/${id}`)).status).toBe(404);
    expect((await other.at('GET', `/schedules/${id}/firings`)).status).toBe(404);
    expect((await call('GET', `${workspace.base}/schedules/${id}`, { token: undefined })).status).toBe(401);
  });
});
