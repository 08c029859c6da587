import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeWorkspace } from '../../../shared/actions/remove-workspace.ts';
import { workspaceFiles } from '../../../shared/store/workspace-files.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../shared/store/workspace-store.ts';
import { at } from '../../support/builders.ts';
import { fillWorkspace, someOfAll } from '../../support/filled-workspace.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let s3: S3Client;
beforeAll(async () => {
  emulated = await startTables();
  s3 = new S3Client({ ...emulated.settings, forcePathStyle: true });
  for (const Bucket of ['runs', 'resources']) await s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket: 'resources', VersioningConfiguration }));
});
afterAll(() => emulated.stop());

const places = [
  ['runs', 'snapshots'],
  ['runs', 'jobs'],
  ['resources', 'files'],
] as const;
const putFiles = async ({ workspaceId }: WorkspaceScope): Promise<void> => {
  for (const [Bucket, kind] of places)
    for (let n = 0; n < 3; n += 1)
      await s3.send(new PutObjectCommand({ Bucket, Key: `${kind}/${workspaceId}/${n}`, Body: 'x' }));
};
const filesOf = async ({ workspaceId }: WorkspaceScope): Promise<string[]> => {
  const found = await Promise.all(
    places.map(async ([Bucket, kind]) => {
      const answer = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${kind}/${workspaceId}/` }));
      return (answer.Contents ?? []).map(({ Key = '' }) => Key);
    }),
  );
  return found.flat();
};

/** Everything in both tables that speaks of a workspace, found without its keys. */
const rowsOf = async ({ workspaceId }: WorkspaceScope): Promise<string[]> => {
  const all = [...(await emulated.scan('core')), ...(await emulated.scan('traffic'))];
  return all.map((item) => JSON.stringify(item)).filter((text) => text.includes(workspaceId));
};

test('a removed workspace leaves neither row nor file in DynamoDB and S3, another one stays whole (S37, S41)', async () => {
  const { core, traffic } = emulated;
  const [gone, stays] = [
    await fillWorkspace({ core, traffic }, { ...someOfAll, members: 30 }),
    await fillWorkspace({ core, traffic }, someOfAll),
  ];
  await Promise.all([putFiles(gone), putFiles(stays)]);
  const before = await rowsOf(stays);
  expect((await rowsOf(gone)).length).toBeGreaterThan(90);
  const workspace = await workspaceStore(core).get(gone);
  if (workspace === undefined) throw new Error('there is no workspace');
  await workspaceStore(core).remove(workspace, at(0), at(0));

  let second = 0;
  const files = workspaceFiles({ runs: 'runs', resources: 'resources' }, s3);
  const remover = { core, traffic, files, now: () => at(second) };
  let steps = 0;
  for (let progress = ''; progress !== 'done'; steps += 1) {
    progress = await removeWorkspace(remover, gone, () => false);
    if (progress === 'later') second = 901;
  }
  expect(steps).toBeGreaterThan(10);
  expect(await rowsOf(gone)).toEqual([]);
  expect(await filesOf(gone)).toEqual([]);
  expect((await rowsOf(stays)).toSorted()).toEqual(before.toSorted());
  expect(await filesOf(stays)).toHaveLength(9);
}, 60_000);
