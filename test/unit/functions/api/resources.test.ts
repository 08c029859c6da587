import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { resource } from '../../../../functions/api/definitions/entities/resource.ts';
import { completeResource } from '../../../../functions/api/definitions/resources/complete-resource.ts';
import { downloadResource } from '../../../../functions/api/definitions/resources/download-resource.ts';
import {
  addResourceVersion,
  createResource,
} from '../../../../functions/api/definitions/resources/upload-resource.ts';
import {
  resourceInput,
  resourceSchema,
  resourceVersionInput,
  uploadSchema,
} from '../../../../shared/contracts/entities/resource.ts';
import type { Problem } from '../../../../shared/contracts/problem.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { changeEntity } from '../../../../shared/runtime/entities/change.ts';
import { removeEntity } from '../../../../shared/runtime/entities/remove.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import { scope } from '../../../support/engine.ts';
import { memoryFiles } from '../../../support/memory-files.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const SCRIPT = '#!/bin/sh\necho one\n';
const OTHER = '#!/bin/sh\necho two\n';
const describedBy = (text: string) => ({ sizeBytes: Buffer.byteLength(text), sha256: sha256(text) });

const shownSchema = z.looseObject({ ...resourceSchema.shape, upload: uploadSchema.optional() });
const shown = ({ body }: Answer) => shownSchema.parse(body);
const uploadIn = (answer: Answer) => uploadSchema.parse(shown(answer).upload);

const workspace = () => {
  const table = memoryTable();
  const { files, objects, put } = memoryFiles();
  const refuse = () => Promise.reject(new Error('resources have no secrets'));
  const context = { table, scope, files, secrets: { seal: refuse, open: refuse } };
  const caller = {
    principal: { kind: 'user' as const, id: 'user-1', name: 'ada' },
    path: '/v1/resources',
    headers: {},
    remember: () => [],
  };
  const on = (id: string) => ({ ...caller, params: { id } });
  const create = async (fields: object = {}) => {
    const body = { name: 'setup', fileName: 'setup.sh', ...describedBy(SCRIPT), ...fields };
    return createResource(context, { ...caller, body: resourceInput.parse(body) });
  };
  const addVersion = (id: string, fields: object = {}) => {
    const body = resourceVersionInput.parse({ ...describedBy(OTHER), ...fields });
    return addResourceVersion(context, { ...on(id), path: `/v1/resources/${id}/versions`, body });
  };
  const complete = (id: string, version?: number) =>
    completeResource(context, { ...on(id), body: { version } });
  return {
    table,
    objects,
    put,
    context,
    create,
    addVersion,
    complete,
    change: (id: string, body: Record<string, unknown>) =>
      changeEntity(resource, context, { ...on(id), body }),
    remove: (id: string) => removeEntity(resource, context, on(id)),
    download: (id: string, version?: number) => downloadResource(context, { ...on(id), query: { version } }),
    /** A resource with its first version complete. */
    upload: async () => {
      const made = await create();
      put(uploadIn(made), SCRIPT);
      return shown(await complete(shown(made).id)).id;
    },
  };
};

const refusal = async (attempt: Promise<unknown>): Promise<Partial<Problem> & { code: string }> => {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof ApiProblem) return { code: error.code, ...error.extras };
    throw error;
  }
  return { code: 'accepted' };
};

const START = Date.parse('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a new resource (S90)', () => {
  test('says how to send its content, and is not usable before', async () => {
    const { create, download } = workspace();
    const made = await create({ tags: { team: 'web' } });
    const { id } = shown(made);
    expect(made.headers).toEqual({ location: `/v1/resources/${id}`, etag: '"1"' });
    expect(shown(made)).toMatchObject({
      name: 'setup',
      tags: { team: 'web' },
      fileName: 'setup.sh',
      ...describedBy(SCRIPT),
      state: 'uploading',
      versions: [{ version: 1, state: 'uploading', createdBy: 'user-1' }],
      upload: { version: 1, method: 'PUT' },
    });
    expect(shown(made).currentVersion).toBeUndefined();
    expect(await refusal(download(id))).toMatchObject({ code: 'not-found' });
    expect(await refusal(download(id, 1))).toMatchObject({ code: 'not-found' });
  });

  test('is usable once what was announced lies there', async () => {
    const { create, complete, put, objects, download } = workspace();
    const made = await create();
    const { id } = shown(made);
    put(uploadIn(made), SCRIPT);
    vi.setSystemTime(START + HOUR);
    const answer = await complete(id);
    expect(shown(answer)).toMatchObject({
      state: 'available',
      currentVersion: 1,
      rev: 2,
      versions: [{ state: 'available', availableAt: new Date(START + HOUR).toISOString() }],
    });
    expect(answer.headers).toEqual({ etag: '"2"' });
    expect(shown(answer).versions[0]).not.toHaveProperty('objectVersion');
    expect([...objects.values()].map(({ tag }) => tag)).toEqual(['available']);
    expect((await download(id)).headers?.['location']).toMatch(/\/1\?name=setup\.sh$/);
  });

  test.each([
    ['nothing', undefined, [{ pointer: '/sizeBytes', code: 'nothing-uploaded' }]],
    ['other bytes of the same length', OTHER, [{ pointer: '/sha256' }]],
    ['other bytes', 'x', [{ pointer: '/sizeBytes' }, { pointer: '/sha256' }]],
  ])('is not usable when %s was sent, and nothing stays', async (_what, text, errors) => {
    const { create, complete, put, objects, download } = workspace();
    const made = await create();
    const { id } = shown(made);
    if (text !== undefined) put(uploadIn(made), text);
    expect(await refusal(complete(id))).toMatchObject({ code: 'upload-differs', errors });
    expect(objects.size).toBe(0);
    expect(await refusal(download(id))).toMatchObject({ code: 'not-found' });
    put(uploadIn(made), SCRIPT);
    expect(shown(await complete(id))).toMatchObject({ state: 'available', rev: 2 });
  });

  test('is completed twice, and by several at once, with one answer and one event', async () => {
    const { create, complete, put, table } = workspace();
    const made = await create();
    const { id } = shown(made);
    put(uploadIn(made), SCRIPT);
    const answers = await Promise.all(Array.from({ length: 8 }, () => complete(id)));
    answers.push(await complete(id), await complete(id, 1));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const events = [...table.rows.values()].filter((row) => row['row'] === 'audit-event');
    expect(events.map((row) => row['action'])).toEqual(['create', 'change']);
  });

  test('that was never completed is over after a day; new content can be announced', async () => {
    const { create, complete, put, addVersion, table } = workspace();
    const made = await create();
    const { id } = shown(made);
    put(uploadIn(made), SCRIPT);
    vi.setSystemTime(START + 24 * HOUR - 1);
    expect(shown({ body: resource.present(rowOf(table, id), workspace().context) }).state).toBe('uploading');
    vi.setSystemTime(START + 24 * HOUR);
    expect(await refusal(complete(id))).toMatchObject({ code: 'upload-expired' });
    expect(shown({ body: resource.present(rowOf(table, id), workspace().context) })).toMatchObject({
      state: 'expired',
      versions: [{ version: 1, state: 'expired' }],
    });
    const again = await addVersion(id, describedBy(SCRIPT));
    expect(shown(again)).toMatchObject({
      state: 'uploading',
      versions: [{ version: 2, state: 'uploading' }],
    });
    put(uploadIn(again), SCRIPT);
    expect(shown(await complete(id))).toMatchObject({ currentVersion: 2, state: 'available' });
  });
});

const rowOf = (table: ReturnType<typeof memoryTable>, id: string) => {
  const { pk, sk } = keys.entity(scope, 'resource', id);
  return table.rows.get(`${pk}\n${sk}`) ?? {};
};

describe('a further version', () => {
  test('leaves the one before in use until it is complete; both can be fetched (S113)', async () => {
    const { upload, addVersion, complete, put, download } = workspace();
    const id = await upload();
    const added = await addVersion(id, { fileName: 'setup-2.sh' });
    expect(added.headers).toEqual({ location: `/v1/resources/${id}`, etag: '"3"' });
    expect(shown(added)).toMatchObject({
      currentVersion: 1,
      fileName: 'setup.sh',
      state: 'available',
      versions: [
        { version: 1, state: 'available' },
        { version: 2, state: 'uploading', fileName: 'setup-2.sh' },
      ],
    });
    expect((await download(id)).headers?.['location']).toMatch(/\/1\?/);
    expect(await refusal(download(id, 2))).toMatchObject({ code: 'not-found' });
    put(uploadIn(added), OTHER);
    expect(shown(await complete(id))).toMatchObject({
      currentVersion: 2,
      fileName: 'setup-2.sh',
      ...describedBy(OTHER),
    });
    expect((await download(id)).headers?.['location']).toMatch(/\/2\?name=setup-2\.sh$/);
    expect((await download(id, 1)).headers?.['location']).toMatch(/\/1\?name=setup\.sh$/);
  });

  test('keeps the file name when it brings none, and is completed by its number', async () => {
    const { upload, addVersion, complete, put } = workspace();
    const id = await upload();
    const second = await addVersion(id);
    await addVersion(id, describedBy(SCRIPT));
    put(uploadIn(second), OTHER);
    expect(await refusal(complete(id))).toMatchObject({ code: 'upload-differs' });
    const completed = shown(await complete(id, 2));
    expect(completed).toMatchObject({ currentVersion: 2, fileName: 'setup.sh' });
    expect(completed.versions.map(({ state }) => state)).toEqual(['available', 'available', 'uploading']);
    expect(await refusal(complete(id, 4))).toMatchObject({ code: 'not-found' });
  });

  test('announced by several at once gets a number of its own', async () => {
    const { upload, addVersion } = workspace();
    const id = await upload();
    const answers = await Promise.all(Array.from({ length: 6 }, () => addVersion(id)));
    const numbers = answers.map((answer) => uploadIn(answer).version);
    expect(numbers.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('finds room up to a hundred; what expired makes room, and numbers are never used again', async () => {
    const { upload, addVersion } = workspace();
    const id = await upload();
    for (let version = 2; version <= 100; version += 1) await addVersion(id);
    expect(await refusal(addVersion(id))).toMatchObject({ code: 'limit-reached' });
    vi.setSystemTime(START + 25 * HOUR);
    expect(shown(await addVersion(id)).versions.map(({ version }) => version)).toEqual([1, 101]);
  });
});

describe('a change and a delete', () => {
  test('a patch describes the file anew and leaves its versions', async () => {
    const { upload, change } = workspace();
    const id = await upload();
    expect(
      shown(await change(id, { name: 'install', description: 'first', tags: { a: 'b' } })),
    ).toMatchObject({
      name: 'install',
      description: 'first',
      tags: { a: 'b' },
      fileName: 'setup.sh',
      currentVersion: 1,
      rev: 3,
    });
  });

  test('while a version is completed neither is lost', async () => {
    const { create, complete, put, change } = workspace();
    const made = await create();
    const { id } = shown(made);
    put(uploadIn(made), SCRIPT);
    await Promise.all([complete(id), change(id, { description: 'changed' })]);
    expect(shown(await complete(id))).toMatchObject({ description: 'changed', state: 'available', rev: 3 });
  });

  test('what is used stays (S91)', async () => {
    const { upload, remove, table } = workspace();
    const id = await upload();
    await table.write([
      {
        update: keys.users(scope, 'resource', id),
        add: { users: [newId('provisioner')] },
        if: { exists: true },
      },
    ]);
    expect(await refusal(remove(id))).toMatchObject({ code: 'in-use', usedByCount: 1 });
  });

  test('deleted while it is completed, it is gone for the caller too', async () => {
    const { create, complete, put, table } = workspace();
    const made = await create();
    const { id } = shown(made);
    put(uploadIn(made), SCRIPT);
    table.beforeWrite = () => {
      const { pk, sk } = keys.entity(scope, 'resource', id);
      table.rows.delete(`${pk}\n${sk}`);
    };
    expect(await refusal(complete(id))).toMatchObject({ code: 'not-found' });
  });

  test('nothing of it is there for another workspace (S37)', async () => {
    const { upload, context } = workspace();
    const id = await upload();
    const elsewhere = { ...context, scope: scopeTo(newId('workspace')) };
    const call = {
      principal: { kind: 'user' as const, id: 'eve', name: 'eve' },
      params: { id },
      path: '',
      remember: () => [],
    };
    const body = resourceVersionInput.parse(describedBy(OTHER));
    const attempts = [
      downloadResource(elsewhere, { ...call, query: {} }),
      completeResource(elsewhere, { ...call, body: {} }),
      addResourceVersion(elsewhere, { ...call, body }),
    ];
    for (const attempt of attempts) expect(await refusal(attempt)).toMatchObject({ code: 'not-found' });
  });
});
