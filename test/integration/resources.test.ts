import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { resourceSchema, type Upload, uploadSchema } from '../../shared/contracts/entities/resource.ts';
import { keys } from '../../shared/store/keys.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { ulid } from '../support/builders.ts';
import { localStack } from '../support/e2e-client.ts';
import { anyText } from '../support/matchers.ts';
import { type Answered, makeWorkspace, problem, type TestWorkspace } from './client.ts';
import { awsSettings, openTables } from './inside.ts';

let workspace: TestWorkspace;
let stranger: TestWorkspace;
beforeAll(async () => {
  workspace = await makeWorkspace();
  stranger = await makeWorkspace();
});

const SCRIPT = Buffer.from('#!/bin/sh\necho one\n');
const OTHER = Buffer.from('#!/bin/sh\necho two\n');
const announced = (content: Buffer) => ({
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

let count = 0;
const body = (fields: object = {}) => {
  count += 1;
  return { name: `setup ${count}`, fileName: 'setup.sh', ...announced(SCRIPT), ...fields };
};
const shownSchema = z.looseObject(resourceSchema.shape);
const shown = (answer: Answered) => shownSchema.parse(answer.body);
const uploadIn = (answer: Answered): Upload => z.object({ upload: uploadSchema }).parse(answer.body).upload;

/** A PUT by any client: `fetch` refuses a wrong length itself. */
const put = (upload: Upload, content: Buffer, headers: Record<string, string> = upload.headers) =>
  new Promise<number>((resolve, reject) => {
    const sent = request(upload.url, { method: 'PUT', headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject).end(content);
  });

const announce = async (fields: object = {}) => {
  const answer = await workspace.at('POST', '/resources', { body: body(fields) });
  expect([answer.status, answer.text]).toEqual([201, anyText()]);
  return { ...shown(answer), upload: uploadIn(answer), answer };
};
const complete = (id: string, version?: number) =>
  workspace.at('POST', `/resources/${id}/complete`, version === undefined ? {} : { body: { version } });
const read = async (id: string) => shown(await workspace.at('GET', `/resources/${id}`));

/** A resource whose content is there. */
const uploaded = async (fields: object = {}, content = SCRIPT) => {
  const made = await announce({ ...announced(content), ...fields });
  expect(await put(made.upload, content)).toBe(200);
  return shown(await complete(made.id));
};

const download = async (id: string, query = '') => {
  const link = await workspace.at('GET', `/resources/${id}/content${query}`);
  expect([link.status, link.text, link.headers.get('cache-control')]).toEqual([302, '', 'no-store']);
  return fetch(link.headers.get('location') ?? '');
};

describe('a file', () => {
  test('is announced, sent by a plain PUT, completed and fetched again (S90)', async () => {
    const made = await announce({ description: 'sets it up', tags: { team: 'web' } });
    expect(made.answer.headers.get('location')).toBe(`${workspace.base}/resources/${made.id}`);
    expect(made).toMatchObject({ ...announced(SCRIPT), state: 'uploading', versions: [{ version: 1 }] });

    const { url, method, headers } = made.upload;
    expect((await fetch(url, { method, headers, body: SCRIPT })).status).toBe(200);
    const completed = await complete(made.id);
    expect(completed.status).toBe(200);
    expect(completed.headers.get('etag')).toBe('"2"');
    expect(shown(completed)).toMatchObject({
      state: 'available',
      currentVersion: 1,
      tags: { team: 'web' },
      versions: [{ version: 1, state: 'available', fileName: 'setup.sh', ...announced(SCRIPT) }],
    });
    expect(await read(made.id)).toEqual(completed.body);

    const fetched = await download(made.id);
    expect(fetched.headers.get('content-disposition')).toContain('filename="setup.sh"');
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(SCRIPT);
  });

  test('is fetched by a client that follows with its token in hand', async () => {
    const { id } = await uploaded();
    const { apiUrl, token } = localStack();
    const answer = await fetch(`${apiUrl}${workspace.base}/resources/${id}/content`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect([answer.status, await answer.text()]).toEqual([200, SCRIPT.toString()]);
  });

  test.each(['Größe – 日本語 📦.ps1', `a "quoted" 'name'; x=%41.sh`])(
    'keeps the name %s on its way',
    async (fileName) => {
      const { id } = await uploaded({ fileName });
      expect(await read(id)).toMatchObject({ fileName });
      const disposition = (await download(id)).headers.get('content-disposition') ?? '';
      const [, encoded] = /filename\*=UTF-8''(\S+)$/.exec(disposition) ?? [];
      expect(decodeURIComponent(encoded ?? '')).toBe(fileName);
    },
  );

  test('of one byte, and of 20 MB, comes back as it was', async () => {
    for (const content of [Buffer.from('x'), Buffer.alloc(20_000_000, 'goldsmith')]) {
      const { id } = await uploaded({}, content);
      const fetched = Buffer.from(await (await download(id)).arrayBuffer());
      expect(announced(fetched)).toEqual(announced(content));
    }
  });
});

describe('an upload', () => {
  test.each([
    ['other bytes of the same length', OTHER, {}],
    ['another length', Buffer.from('x'), { 'content-length': '1' }],
    [
      'another length and checksum',
      Buffer.from('x'),
      { 'content-length': '1', 'x-amz-checksum-sha256': 'LXEWQrcmsEQBYnyp++0eOMH03bZPCtmnZRLLdHO4d4E=' },
    ],
  ])('of %s is refused, and there is nothing to complete', async (_what, content, headers) => {
    const { id, upload } = await announce();
    expect(await put(upload, content, { ...upload.headers, ...headers })).toBeOneOf([400, 403]);
    expect(problem(await complete(id))).toMatchObject({
      status: 422,
      code: 'upload-differs',
      errors: [{ pointer: '/sizeBytes', code: 'nothing-uploaded' }],
    });
    expect(await read(id)).toMatchObject({ state: 'uploading', rev: 1 });
    expect((await workspace.at('GET', `/resources/${id}/content`)).status).toBe(404);
  });

  test('that was never sent cannot be completed', async () => {
    const { id } = await announce();
    expect(problem(await complete(id))).toMatchObject({ status: 422, code: 'upload-differs' });
    expect(problem(await complete(id, 2))).toMatchObject({ status: 404 });
    expect(
      problem(await workspace.at('POST', `/resources/${id}/complete`, { body: { versions: 1 } })),
    ).toMatchObject({
      status: 422,
      errors: [{ pointer: '/versions', code: 'unknown-field' }],
    });
  });

  test('that reached the bucket another way is found out, thrown away, and can be sent again', async () => {
    const { id, upload } = await announce();
    const s3 = new S3Client({ ...awsSettings(), forcePathStyle: true });
    const [, Bucket = '', ...rest] = new URL(upload.url).pathname.split('/');
    await s3.send(
      new PutObjectCommand({ Bucket, Key: rest.join('/'), Body: OTHER, ChecksumAlgorithm: 'SHA256' }),
    );
    expect(await put(upload, SCRIPT)).toBe(412);
    expect(problem(await complete(id))).toMatchObject({
      status: 422,
      errors: [{ pointer: '/sha256', code: 'differs' }],
    });
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: rest.join('/') }))).rejects.toThrow('not exist');
    expect(await put(upload, SCRIPT)).toBe(200);
    expect(shown(await complete(id))).toMatchObject({ state: 'available' });
    s3.destroy();
  });

  test('is completed twice and by eight at once with one answer', async () => {
    const { id, upload } = await announce();
    await put(upload, SCRIPT);
    const answers = await Promise.all(Array.from({ length: 8 }, () => complete(id)));
    answers.push(await complete(id));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(shown(answers[0] ?? (await complete(id)))).toMatchObject({ rev: 2 });
  });

  test('is not replaced by a second PUT, before or after it is complete', async () => {
    const { id, upload } = await announce();
    await put(upload, SCRIPT);
    expect(await put(upload, SCRIPT)).toBe(412);
    await complete(id);
    expect(await put(upload, SCRIPT)).toBe(412);
    expect(await put(upload, OTHER)).toBeOneOf([400, 412]);
    expect(await (await download(id)).text()).toBe(SCRIPT.toString());
  });

  test('asked for twice with one key is one resource and one link', async () => {
    const asked = { body: body(), headers: { 'idempotency-key': `upload ${workspace.id}` } };
    const [first, second] = [
      await workspace.at('POST', '/resources', asked),
      await workspace.at('POST', '/resources', asked),
    ];
    expect([second.status, second.text]).toEqual([201, first.text]);
    expect(await put(uploadIn(second), SCRIPT)).toBe(200);
    const twice = { headers: { 'idempotency-key': `complete ${workspace.id}` } };
    const path = `/resources/${shown(first).id}/complete`;
    const answers = [await workspace.at('POST', path, twice), await workspace.at('POST', path, twice)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]?.text).toBe(answers[0]?.text);
  });
});

test('a page of any origin may send a file and fetch one', async () => {
  const { id, upload } = await announce();
  const origin = 'https://console.example';
  const preflight = await fetch(upload.url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'content-type,if-none-match,x-amz-checksum-sha256,x-amz-tagging',
    },
  });
  expect(preflight.status).toBe(200);
  // The emulator allows every header; those that AWS is told are in test/infra/stacks.test.ts.
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
  const sent = await fetch(upload.url, {
    method: 'PUT',
    headers: { ...upload.headers, origin },
    body: SCRIPT,
  });
  expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
  await complete(id);
  const link = (await workspace.at('GET', `/resources/${id}/content`)).headers.get('location') ?? '';
  const fetched = await fetch(link, { headers: { origin } });
  expect(fetched.headers.get('access-control-allow-origin')).toBe('*');
});

describe('what cannot be', () => {
  test.each([
    [{ sizeBytes: 0 }, '/sizeBytes'],
    [{ sizeBytes: 5 * 1024 ** 3 + 1 }, '/sizeBytes'],
    [{ sizeBytes: '12' }, '/sizeBytes'],
    [{ sha256: 'abc' }, '/sha256'],
    [{ sha256: 'z'.repeat(64) }, '/sha256'],
    [{ fileName: '../secrets' }, '/fileName'],
    [{ fileName: 'a\u0000b' }, '/fileName'],
    [{ state: 'available' }, '/state'],
    [{ versions: [] }, '/versions'],
  ])('%j is refused, and nothing is stored', async (fields, pointer) => {
    const before = await workspace.list('/resources?limit=200');
    expect(problem(await workspace.at('POST', '/resources', { body: body(fields) }))).toMatchObject({
      status: 422,
      errors: [{ pointer }],
    });
    expect(await workspace.list('/resources?limit=200')).toEqual(before);
  });

  test('5 GiB can be announced', async () => {
    const { upload } = await announce({ sizeBytes: 5 * 1024 ** 3 });
    expect(upload.headers['content-length']).toBe('5368709120');
  });

  test('another workspace sees nothing of it, whatever it asks (S37)', async () => {
    const { id } = await uploaded();
    const asked: [string, string, unknown?][] = [
      ['GET', ''],
      ['GET', '/content'],
      ['POST', '/complete'],
      ['POST', '/versions', announced(OTHER)],
      ['PATCH', '', { name: 'mine now' }],
      ['DELETE', ''],
    ];
    for (const [method, path, sent] of asked) {
      const answer = await stranger.at(method, `/resources/${id}${path}`, { body: sent });
      expect([method, path, problem(answer).status]).toEqual([method, path, 404]);
    }
    expect((await stranger.list('/resources')).items).toEqual([]);
    expect((await download(id)).status).toBe(200);
  });

  test('a patch changes what describes it and not its content', async () => {
    const { id } = await uploaded();
    const name = `renamed ${id}`;
    const changed = await workspace.at('PATCH', `/resources/${id}`, { body: { name, tags: { a: 'b' } } });
    expect(shown(changed)).toMatchObject({ name, tags: { a: 'b' }, currentVersion: 1, rev: 3 });
    for (const field of ['fileName', 'sha256', 'sizeBytes', 'versions']) {
      const refused = problem(await workspace.at('PATCH', `/resources/${id}`, { body: { [field]: null } }));
      expect(refused).toMatchObject({ status: 422, errors: [{ pointer: `/${field}` }] });
    }
  });
});

describe('versions', () => {
  test('new content waits beside what is in use, then takes its place; old content stays (S113)', async () => {
    const { id } = await uploaded();
    const added = await workspace.at('POST', `/resources/${id}/versions`, {
      body: { ...announced(OTHER), fileName: 'setup-2.sh' },
    });
    expect(added.status).toBe(201);
    expect(added.headers.get('location')).toBe(`${workspace.base}/resources/${id}`);
    expect(shown(added)).toMatchObject({
      currentVersion: 1,
      versions: [{ version: 1 }, { state: 'uploading' }],
    });
    expect(await (await download(id)).text()).toBe(SCRIPT.toString());
    expect((await workspace.at('GET', `/resources/${id}/content?version=2`)).status).toBe(404);

    await put(uploadIn(added), OTHER);
    expect(shown(await complete(id, 2))).toMatchObject({ currentVersion: 2, fileName: 'setup-2.sh' });
    expect(await (await download(id)).text()).toBe(OTHER.toString());
    expect(await (await download(id, '?version=1')).text()).toBe(SCRIPT.toString());
    expect((await workspace.at('GET', `/resources/${id}/content?version=x`)).status).toBe(400);
  });
});

describe('a delete', () => {
  test('takes the files with it, and leaves their bytes to a run that has begun (S113)', async () => {
    const { id } = await uploaded();
    const { core } = await openTables();
    const row = await core.get(keys.entity(scopeTo(workspace.id), 'resource', id));
    const link = (await workspace.at('GET', `/resources/${id}/content`)).headers.get('location') ?? '';
    expect((await workspace.at('DELETE', `/resources/${id}`)).status).toBe(204);
    expect((await workspace.at('GET', `/resources/${id}/content`)).status).toBe(404);
    await vi.waitFor(async () => expect((await fetch(link)).status).toBe(404), {
      timeout: 20_000,
      interval: 100,
    });

    const s3 = new S3Client({ ...awsSettings(), forcePathStyle: true });
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const Bucket = Buckets.find(({ Name }) => Name?.includes('resources'))?.Name;
    const { versions } = z.object({ versions: z.array(z.object({ objectVersion: z.string() })) }).parse(row);
    const Key = `files/${workspace.id}/${id}/1`;
    const kept = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId: versions[0]?.objectVersion }));
    expect(await kept.Body?.transformToString()).toBe(SCRIPT.toString());
    s3.destroy();
  });

  test('of what something refers to is refused, and all of it stays (S91)', async () => {
    const { id } = await uploaded();
    const { core } = await openTables();
    const users = [`prv_${ulid('U')}`];
    const key = keys.users(scopeTo(workspace.id), 'resource', id);
    await core.write([{ update: key, add: { users }, if: { exists: true } }]);
    expect(problem(await workspace.at('DELETE', `/resources/${id}`))).toMatchObject({
      status: 409,
      code: 'in-use',
      usedByCount: 1,
    });
    expect(await (await download(id)).text()).toBe(SCRIPT.toString());
    await core.write([{ update: key, take: { users }, if: { exists: true } }]);
    expect((await workspace.at('DELETE', `/resources/${id}`)).status).toBe(204);
  });
});
