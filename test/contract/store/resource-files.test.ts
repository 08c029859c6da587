import { createHash } from 'node:crypto';
import { request } from 'node:http';
import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Upload } from '../../../shared/contracts/entities/resource.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { type ResourceFiles, resourceFiles } from '../../../shared/store/resource-files.ts';
import { matching } from '../../support/matchers.ts';
import { freshScope } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

/** What the product leans on in S3, as the emulator has it; infra/stacks/state-stack.ts makes the bucket like this. */
const Bucket = 'resources';
let emulated: Emulated;
let s3: S3Client;
let files: ResourceFiles;

beforeAll(async () => {
  emulated = await startTables();
  s3 = new S3Client({ ...emulated.settings, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  files = resourceFiles(Bucket, s3);
});
afterAll(async () => {
  s3.destroy();
  await emulated.stop();
});

const bytes = Buffer.from('#!/bin/sh\necho hello\n');
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const announced = { sizeBytes: bytes.length, sha256: sha256(bytes) };
const changed = Buffer.from(bytes.toString().toUpperCase());
const someBytes = (length: number): Buffer => Buffer.alloc(length, 'x');

const announce = async () => {
  const scope = freshScope();
  const place = { resourceId: newId('resource'), version: 1 };
  return { scope, place, upload: await files.upload(scope, place, announced) };
};

/** A PUT with exactly these headers; `fetch` would refuse a wrong length itself. */
const put = (upload: Upload, body: Buffer, headers: Record<string, string> = upload.headers) =>
  new Promise<number>((resolve, reject) => {
    const sent = request(upload.url, { method: upload.method, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject).end(body);
  });

const without = (headers: Record<string, string>, name: string) =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));

describe('an upload (S90)', () => {
  test('puts the announced bytes, which S3 measured itself', async () => {
    const { scope, place, upload } = await announce();
    expect(await files.inspect(scope, place)).toBeUndefined();
    expect(await put(upload, bytes)).toBe(200);
    expect(await files.inspect(scope, place)).toEqual({
      ...announced,
      objectVersion: matching(/./),
    });
  });

  test('is signed with everything that binds the bytes, for an hour', async () => {
    const before = Date.now();
    const { upload } = await announce();
    const query = new URL(upload.url).searchParams;
    expect(query.get('X-Amz-SignedHeaders')?.split(';')).toEqual([
      'content-length',
      'host',
      'if-none-match',
      'x-amz-checksum-sha256',
      'x-amz-tagging',
    ]);
    expect(Object.keys(upload.headers).toSorted()).toEqual([
      'content-length',
      'if-none-match',
      'x-amz-checksum-sha256',
      'x-amz-tagging',
    ]);
    expect(query.get('X-Amz-Expires')).toBe('3600');
    const lasts = Date.parse(upload.expiresAt) - before;
    expect(lasts).toBeGreaterThanOrEqual(3_600_000);
    expect(lasts).toBeLessThan(3_660_000);
  });

  test.each([
    ['other bytes of the same length', changed, {}],
    ['one byte more', someBytes(bytes.length + 1), { 'content-length': String(bytes.length + 1) }],
    ['one byte less', someBytes(bytes.length - 1), { 'content-length': String(bytes.length - 1) }],
    ['nothing', someBytes(0), { 'content-length': '0' }],
    [
      'other bytes with their own checksum',
      changed,
      { 'x-amz-checksum-sha256': Buffer.from(sha256(changed), 'hex').toString('base64') },
    ],
    ['another tag', bytes, { 'x-amz-tagging': 'state=available' }],
  ])('of %s is refused, and nothing lies there', async (_what, body, headers: Record<string, string>) => {
    const { scope, place, upload } = await announce();
    expect(await put(upload, body, { ...upload.headers, ...headers })).toBeOneOf([400, 403]);
    expect(await files.inspect(scope, place)).toBeUndefined();
  });

  test.each(['if-none-match', 'x-amz-checksum-sha256', 'x-amz-tagging'])(
    'without the header %s is refused',
    async (name) => {
      const { scope, place, upload } = await announce();
      expect(await put(upload, bytes, without(upload.headers, name))).toBe(403);
      expect(await files.inspect(scope, place)).toBeUndefined();
    },
  );

  test('happens once: what lies there is never replaced, not even by itself', async () => {
    const { scope, place, upload } = await announce();
    await put(upload, bytes);
    const first = await files.inspect(scope, place);
    expect(await put(upload, bytes)).toBe(412);
    const another = await files.upload(scope, place, {
      sizeBytes: changed.length,
      sha256: sha256(changed),
    });
    expect(await put(another, changed)).toBe(412);
    expect(await files.inspect(scope, place)).toEqual(first);
  });

  test('is good for its own key only (S37)', async () => {
    const { upload, place } = await announce();
    const other = freshScope();
    const url = upload.url.replace(/ws_[0-9A-Z]{26}/, other.workspaceId);
    expect(await put({ ...upload, url }, bytes)).toBe(403);
    expect(await files.inspect(other, place)).toBeUndefined();
  });

  test('carries the tag by which the bucket removes it, until it is kept', async () => {
    const { scope, place, upload } = await announce();
    await put(upload, bytes);
    const tags = async () =>
      (await s3.send(new GetObjectTaggingCommand({ Bucket, Key: keyOf(upload) }))).TagSet;
    expect(await tags()).toEqual([{ Key: 'state', Value: 'uploading' }]);
    const found = await files.inspect(scope, place);
    await files.keep(scope, place, found?.objectVersion);
    await files.keep(scope, place, found?.objectVersion);
    expect(await tags()).toEqual([{ Key: 'state', Value: 'available' }]);
    expect(await files.inspect(scope, place)).toEqual(found);
  });

  test('that went another way is measured all the same, and thrown away', async () => {
    const { scope, place, upload } = await announce();
    await s3.send(new PutObjectCommand({ Bucket, Key: keyOf(upload), Body: changed }));
    expect(await files.inspect(scope, place)).toMatchObject({ sizeBytes: changed.length, sha256: undefined });
    await files.discard(scope, place);
    expect(await files.inspect(scope, place)).toBeUndefined();
    expect(await put(upload, bytes)).toBe(200);
  });
});

/** The key in a signed address: bucket, then key. */
const keyOf = ({ url }: { url: string }): string => new URL(url).pathname.slice(`/${Bucket}/`.length);

describe('a download (S91)', () => {
  test.each([
    ['setup.sh', 'attachment; filename="setup.sh"; filename*=UTF-8\'\'setup.sh'],
    [
      'Größe 📦.tar',
      `attachment; filename="Gr__e _.tar"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%F0%9F%93%A6.tar`,
    ],
    [`a"b'(c)*;%.sh`, `attachment; filename="a_b__c____.sh"; filename*=UTF-8''a%22b%27%28c%29%2A%3B%25.sh`],
  ])('of %s keeps its name, and is never shown as a page', async (name, disposition) => {
    const { scope, place, upload } = await announce();
    await put(upload, bytes, { ...upload.headers, 'content-type': 'text/html' });
    const answer = await fetch(await files.downloadUrl(scope, place, name));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toBe(disposition);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
  });

  test('is good for five minutes and for its own key only (S37)', async () => {
    const { scope, place, upload } = await announce();
    await put(upload, bytes);
    const url = await files.downloadUrl(scope, place, 'a.sh');
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('300');
    const other = await announce();
    await put(other.upload, bytes);
    expect((await fetch(url.replace(keyOf(upload), keyOf(other.upload)))).status).toBe(403);
  });
});

describe('a removal', () => {
  test('takes the versions that are named, twice if need be, and no others', async () => {
    const { scope, place, upload } = await announce();
    const second = { ...place, version: 2 };
    await put(upload, bytes);
    await put(await files.upload(scope, second, announced), bytes);
    await files.remove(scope, place.resourceId, [1, 77]);
    await files.remove(scope, place.resourceId, [1, 77]);
    await files.remove(scope, place.resourceId, []);
    expect(await files.inspect(scope, place)).toBeUndefined();
    expect(await files.inspect(scope, second)).toBeDefined();
  });

  test('leaves the bytes to a run that knows their version (S113)', async () => {
    const { scope, place, upload } = await announce();
    await put(upload, bytes);
    const found = await files.inspect(scope, place);
    await files.remove(scope, place.resourceId, [1]);
    const kept = await s3.send(
      new GetObjectCommand({ Bucket, Key: keyOf(upload), VersionId: found?.objectVersion }),
    );
    expect(await kept.Body?.transformToString()).toBe(bytes.toString());
  });
});
