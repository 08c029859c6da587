import { createHash } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobBundleSchema } from '../../../shared/contracts/bundle.ts';
import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { admitToken, apiTokenStore, revokeToken } from '../../../shared/store/api-token-store.ts';
import { imageVersionStore, recordImageVersion } from '../../../shared/store/image-version-store.ts';
import { leftoverStore, recordLeftovers } from '../../../shared/store/leftover-store.ts';
import { type RunFiles, runFiles } from '../../../shared/store/run-files.ts';
import { type SecretBox, secretBox } from '../../../shared/store/secret-box.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../shared/store/workspace-store.ts';
import { at, base, ulid } from '../../support/builders.ts';
import { snapshot } from '../../unit/shared/packer/fixtures.ts';
import { freshScope } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
let files: RunFiles;
let secrets: SecretBox;
beforeAll(async () => {
  emulated = await startTables();
  ({ core } = emulated);
  const s3 = new S3Client({ ...emulated.settings, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'runs' }));
  files = runFiles('runs', s3);
  const kms = new KMSClient(emulated.settings);
  const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}));
  secrets = secretBox(key?.Arn ?? '', kms);
});
afterAll(() => emulated.stop());

describe('workspaces', () => {
  const workspace = (name: string) => ({
    id: newId('workspace'),
    name,
    description: '',
    tags: {},
    maxConcurrentRuns: 3,
    createdAt: at(0),
    createdBy: 'user-1',
    updatedAt: at(0),
    rev: 1,
  });

  test('belong to their first owner and to nobody else (S37)', async () => {
    const store = workspaceStore(core);
    const [one, two] = [workspace('one'), workspace('two')];
    await store.create(one, { id: 'owner-1' }, []);
    await store.create(two, { id: 'owner-1' }, []);
    expect(await store.get(scopeTo(one.id))).toEqual(one);
    expect(await store.roleOf('owner-1', one.id)).toBe('owner');
    expect(await store.roleOf('owner-2', one.id)).toBeUndefined();
    expect((await store.membershipsOf('owner-1')).map((each) => each.workspaceId)).toEqual([two.id, one.id]);
    expect((await store.getAll([one.id, newId('workspace'), two.id])).map((each) => each.name)).toEqual([
      'one',
      'two',
    ]);
  });

  test('are created as a whole or not at all', async () => {
    const taken = { pk: 'USER#owner-3', sk: 'IDEMPOTENCY#1', row: 'idempotency' as const };
    await core.write([{ put: taken }]);
    const one = workspace('one');
    const creating = workspaceStore(core).create(one, { id: 'owner-3' }, [
      { put: taken, if: { exists: false } },
    ]);
    await expect(creating).rejects.toThrow(WriteRefused);
    expect(await workspaceStore(core).get(scopeTo(one.id))).toBeUndefined();
    expect(await workspaceStore(core).membershipsOf('owner-3')).toEqual([]);
  });

  test('only have ids of the right shape: no other text becomes a key', () => {
    for (const id of ['', 'ws_', 'ws_1#META', `ws_${ulid('W')}#`, `WS_${ulid('W')}`, ulid('W')]) {
      expect(() => scopeTo(id)).toThrow('not a workspace id');
    }
  });
});

test('API tokens are found by the SHA-256 of their secret until they are revoked', async () => {
  const scope = freshScope();
  const digest = createHash('sha256').update('gsm_planted').digest('hex');
  const token = { ...base(newId('api-token'), 'robot'), role: 'viewer' as const, expiresAt: at(60) };
  await core.write([admitToken(scope, token, digest)]);
  expect(await apiTokenStore(core).bySha256(digest)).toEqual({ ...token, workspaceId: scope.workspaceId });
  expect(await apiTokenStore(core).bySha256('f'.repeat(64))).toBeUndefined();
  await core.write([revokeToken(digest)]);
  expect(await apiTokenStore(core).bySha256(digest)).toBeUndefined();
});

test('leftovers keep the order in which they can be deleted, and change their state in any number', async () => {
  const scope = freshScope();
  const runId = newId('run');
  const leftovers = Array.from({ length: 130 }, (_, n) => ({
    id: newId('leftover'),
    kind: n === 0 ? 'ec2-instance' : 'ec2-volume',
    locator: `eu-west-1/${n}`,
    createdAt: at(0),
    state: 'kept' as const,
  }));
  const writes = recordLeftovers(scope, runId, leftovers);
  await core.write(writes.slice(0, 100));
  await core.write(writes.slice(100));
  const store = leftoverStore(core, scope);
  expect(await store.list(runId)).toEqual(leftovers);
  await store.setState(runId, leftovers, { state: 'deleting', at: at(9) });
  expect(new Set((await store.list(runId)).map((one) => one.state))).toEqual(new Set(['deleting']));
  expect(await store.list(newId('run'))).toEqual([]);
});

describe('image versions', () => {
  const version = (definitionId: string, number: number): ImageVersion => ({
    id: newId('image-version'),
    number,
    name: `Web-Base-v${number}`,
    imageDefinitionId: definitionId,
    runId: newId('run'),
    state: 'available',
    locators: [{ role: 'primary', region: 'eu-west-1', accountId: '1', amiId: 'ami-1', amiName: 'a' }],
    toolchain: {},
    createdAt: at(0),
  });

  test('are listed by number, highest first, and stand beside each other (S12, S116)', async () => {
    const scope = freshScope();
    const definitionId = newId('image-definition');
    const versions = [9, 10, 11, 100].map((number) => version(definitionId, number));
    for (const one of versions) await core.write(recordImageVersion(scope, one));
    const store = imageVersionStore(core, scope);
    const numbers = async (page: { before?: number; limit: number }) =>
      (await store.listOfDefinition(definitionId, page)).map((one) => one.number);
    expect(await numbers({ limit: 10 })).toEqual([100, 11, 10, 9]);
    expect(await numbers({ limit: 2, before: 100 })).toEqual([11, 10]);
    expect(await store.get(versions[0]?.id ?? '')).toEqual(versions[0]);
    expect(await store.get(newId('image-version'))).toBeUndefined();
  });

  test('are never written over', async () => {
    const scope = freshScope();
    const one = version(newId('image-definition'), 1);
    await core.write(recordImageVersion(scope, one));
    await expect(core.write(recordImageVersion(scope, { ...one, name: 'other' }))).rejects.toThrow(
      WriteRefused,
    );
  });
});

describe('files of runs', () => {
  test('a snapshot is named by its content: the same one twice is one object (S20)', async () => {
    const scope = freshScope();
    const one = snapshot({ workspaceId: scope.workspaceId });
    const digest = await files.putSnapshot(scope, one);
    expect(await files.putSnapshot(scope, structuredClone(one))).toBe(digest);
    expect(await files.getSnapshot(scope, digest)).toEqual(one);
    expect(await files.putSnapshot(scope, { ...one, steps: [] })).not.toBe(digest);
  });

  test('a snapshot of another workspace is not found (S37)', async () => {
    const scope = freshScope();
    const digest = await files.putSnapshot(scope, snapshot());
    await expect(files.getSnapshot(freshScope(), digest)).rejects.toThrow('key does not exist');
  });

  test('a bundle is fetched by its signed address as its checksum says', async () => {
    const scope = freshScope();
    const bundle = jobBundleSchema.parse({
      schemaVersion: 1,
      generation: 'modern',
      platform: 'aws',
      files: [{ path: 'image.pkr.json', content: '{"é":1}', sha256: 'a'.repeat(64) }],
      variables: [],
      steps: [],
    });
    const stored = await files.putBundle(scope, 'run_1', bundle);
    const text = await (await fetch(await files.bundleUrl(stored.key))).text();
    expect(createHash('sha256').update(text).digest('hex')).toBe(stored.sha256);
    expect(await files.getBundle(stored.key)).toEqual(bundle);
  });
});

describe('secrets', () => {
  const place = {
    scope: freshScope(),
    entityId: newId('connection'),
    field: '/settings/auth/secretAccessKey',
  };

  test('are opened where they belong, to the last byte', async () => {
    for (const value of ['planted-secret', 'ü€👩‍🚀 "\\n', 'x'.repeat(4000)]) {
      const sealed = await secrets.seal(place, value, at(0));
      expect(sealed).toMatchObject({ field: place.field, updatedAt: at(0) });
      expect(JSON.stringify(sealed)).not.toContain(value);
      expect(await secrets.open(place, sealed.ciphertext)).toBe(value);
    }
  });

  test.each([
    ['of another workspace', { ...place, scope: freshScope() }],
    ['of another entity', { ...place, entityId: newId('connection') }],
    ['of another field', { ...place, field: '/other' }],
  ])('do not open as one %s', async (_case, elsewhere) => {
    const { ciphertext } = await secrets.seal(place, 'planted-secret', at(0));
    await expect(secrets.open(elsewhere, ciphertext)).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
  });
});
