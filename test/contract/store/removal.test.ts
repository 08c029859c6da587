import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobBundleSchema } from '../../../shared/contracts/bundle.ts';
import { finish } from '../../../shared/domain/run/lifecycle.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { connectorStore, MOST_OPEN_CODES } from '../../../shared/store/connector-store.ts';
import { entityStore } from '../../../shared/store/entity-store.ts';
import { globalKeys, keys } from '../../../shared/store/keys.ts';
import { logStore } from '../../../shared/store/log-store.ts';
import { releaseSlots } from '../../../shared/store/queue-store.ts';
import { contended } from '../../../shared/store/retry.ts';
import { runFiles } from '../../../shared/store/run-files.ts';
import { runRemoval } from '../../../shared/store/run-removal.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import { tagStore } from '../../../shared/store/tag-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { at, base, logLines } from '../../support/builders.ts';
import { createRun, freshScope, putDefinition } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
beforeAll(async () => {
  emulated = await startTables();
  core = emulated.core;
});
afterAll(() => emulated.stop());

const gathered = async <T>(all: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = [];
  for await (const item of all) items.push(item);
  return items;
};

const endedRun = async (scope: WorkspaceScope, definitionId: string) => {
  const run = await createRun(core, scope, definitionId);
  const changes = finish(run, { outcome: 'succeeded' }, at(60));
  return runStore(core, scope).change(run, changes, { more: releaseSlots(run) });
};
const remove = (scope: WorkspaceScope, runId: string) =>
  contended(async () => {
    const run = await runStore(core, scope).get(runId);
    if (run !== undefined)
      await runRemoval(core, scope).remove({ run, leftovers: [], cleanUp: false, more: [] });
  });

describe('runs that are deleted', () => {
  test('sixteen at once, while others are created, leave the latest run exact and no number twice (S127)', async () => {
    const scope = freshScope();
    const definitionId = await putDefinition(core, scope);
    const runs = [];
    for (let n = 0; n < 16; n += 1) runs.push(await endedRun(scope, definitionId));
    const created = await Promise.all([
      ...runs.map(({ id }) => remove(scope, id)),
      createRun(core, scope, definitionId),
      createRun(core, scope, definitionId),
    ]);
    expect(created.flatMap((run) => run?.number ?? []).toSorted((a, b) => a - b)).toEqual([17, 18]);
    const store = runStore(core, scope);
    expect((await store.listOfDefinition(definitionId, { limit: 20 })).map((run) => run.number)).toEqual([
      18, 17,
    ]);
    expect((await store.latest(definitionId))?.number).toBe(18);
    for (const { id } of await store.list({ limit: 20 })) await remove(scope, id);
    expect(await core.get(keys.latestRun(scope, definitionId))).toBeUndefined();
    expect((await createRun(core, scope, definitionId)).number).toBe(19);
  });

  test('are refused when they changed since they were read', async () => {
    const scope = freshScope();
    const run = await endedRun(scope, await putDefinition(core, scope));
    await runStore(core, scope).change(run, { leftoverCount: 1 });
    const removing = runRemoval(core, scope).remove({ run, leftovers: [], cleanUp: true, more: [] });
    await expect(removing).rejects.toThrow(WriteRefused);
    expect(await runRemoval(core, scope).deleted(run.id)).toBeUndefined();
  });

  test('stay for who cleans up after them, and are forgotten then', async () => {
    const scope = freshScope();
    const run = await endedRun(scope, await putDefinition(core, scope));
    const removal = runRemoval(core, scope);
    await removal.remove({ run, leftovers: [], cleanUp: true, more: [] });
    expect(await runStore(core, scope).get(run.id)).toBeUndefined();
    expect(await removal.deleted(run.id)).toEqual(run);
    expect(await runStore(core, scope).list({ limit: 5 })).toEqual([]);
    await removal.forget(run.id);
    expect(await removal.deleted(run.id)).toBeUndefined();
  });

  test('lose their log, of any number of chunks, and no other log', async () => {
    const scope = freshScope();
    const [one, other] = [
      logStore(emulated.traffic, scope, newId('run')),
      logStore(emulated.traffic, scope, newId('run')),
    ];
    for (let n = 0; n < 23; n += 1) await one.append(logLines(n * 2 + 1, n * 2 + 2));
    await other.append(logLines(1, 3));
    await one.remove();
    expect(await one.head()).toEqual({ lastSeq: 0, complete: false });
    expect(await gathered(one.read({ afterSeq: 0, beforeSeq: Infinity, newestFirst: false }))).toEqual([]);
    expect((await other.head()).lastSeq).toBe(3);
    await one.remove();
  });

  test('lose their bundle, also when it is gone already', async () => {
    const s3 = new S3Client({ ...emulated.settings, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'removal' }));
    const files = runFiles('removal', s3);
    const scope = freshScope();
    const content = { path: 'image.pkr.json', content: '{}', sha256: 'a'.repeat(64) };
    const bundle = jobBundleSchema.parse({
      schemaVersion: 1,
      generation: 'modern',
      platform: 'aws',
      files: [content],
      variables: [],
      steps: [],
    });
    const [{ key }, other] = [
      await files.putBundle(scope, newId('run'), bundle),
      await files.putBundle(scope, newId('run'), bundle),
    ];
    await files.removeBundle(key);
    await files.removeBundle(key);
    await expect(files.getBundle(key)).rejects.toThrow('key does not exist');
    expect(await files.getBundle(other.key)).toEqual(bundle);
  });
});

test('open codes of a connector take its places, sixteen at once too, and go with it', async () => {
  const scope = freshScope();
  const connectorId = newId('connector');
  await entityStore(core, scope).create('connector', base(connectorId, 'Cellar'), [], []);
  const store = connectorStore(core, scope);
  const expiresAt = Math.floor(Date.now() / 1000) + 1800;
  const open = () =>
    contended(async () => {
      const codeSha256 = newId('registration-code');
      const code = { id: codeSha256, connectorId, codeSha256, createdBy: 'user-1', expiresAt };
      const writes = await store.openCode(code, expiresAt - 1800);
      if (writes !== undefined) await core.write(writes);
      return writes === undefined ? undefined : codeSha256;
    });
  const opened = await Promise.all(Array.from({ length: 16 }, open));
  const digests = opened.filter((one) => one !== undefined);
  expect(digests).toHaveLength(MOST_OPEN_CODES);
  const closing = await store.closeCodes(connectorId);
  await core.write([{ delete: keys.openCode(scope, connectorId, 3) }]);
  await expect(core.write(closing)).rejects.toThrow(WriteRefused);
  await core.write(await store.closeCodes(connectorId));
  const left = await core.getAll(digests.map((digest) => globalKeys.registrationCode(digest)));
  // The one whose place was taken away under it opens nothing and expires.
  expect(left).toHaveLength(1);
});

test('the tags in use are those of the entities that are there (S25)', async () => {
  const scope = freshScope();
  const entities = entityStore(core, scope);
  const [one, two] = [base(newId('resource'), 'one'), base(newId('resource'), 'two')];
  await entities.create('resource', { ...one, tags: { team: 'web' } }, [], []);
  await entities.create('resource', two, [], []);
  const tagsOf = async (kind: 'resource' | 'connection') =>
    (await gathered(tagStore(core, scope).pages(kind))).flat();
  const used = () => tagsOf('resource');
  expect(await used()).toEqual([{ team: 'web' }]);
  const change = { references: [], more: [] };
  await entities.change('resource', {
    ...change,
    before: two,
    after: { ...two, tags: { 'a b': 'é' }, rev: 2 },
  });
  await entities.change('resource', {
    ...change,
    before: { ...one, tags: { team: 'web' } },
    after: { ...one, rev: 2 },
  });
  expect(await used()).toEqual([{ 'a b': 'é' }]);
  expect(await tagsOf('connection')).toEqual([]);
  await entities.remove('resource', { ...two, tags: { 'a b': 'é' }, rev: 2 }, []);
  expect(await used()).toEqual([]);
});
