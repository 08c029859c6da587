import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import * as z from 'zod';
import { type JobBundle, jobBundleSchema } from '../contracts/bundle.ts';
import { type RunSnapshot, runSnapshotSchema } from '../contracts/snapshot.ts';
import { sha256 } from '../domain/sha256.ts';
import { fileCallLimits } from './call-limits.ts';
import { upgradedAs } from './upgrade.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

const itemSchema = z.record(z.string(), z.unknown());

/** Long enough for a runner whose clock or network is slow; the bundle holds no secret. */
const BUNDLE_URL_SECONDS = 900;

/** Everything of a workspace's runs begins with one of these. */
export const runFilePrefixes = (scope: WorkspaceScope): string[] =>
  ['snapshots', 'jobs'].map((kind) => `${kind}/${scope.workspaceId}/`);

/** What runs need that is too big for a row: snapshots by their SHA-256, and the job bundles made from them. */
export const runFiles = (
  bucket: string,
  client = new S3Client({ ...fileCallLimits, forcePathStyle: true }),
) => {
  const put = (key: string, body: string) =>
    client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }),
    );
  const get = async (key: string): Promise<unknown> => {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return JSON.parse((await answer.Body?.transformToString()) ?? '');
  };
  const snapshotKey = (scope: WorkspaceScope, digest: string) =>
    `snapshots/${scope.workspaceId}/${digest}.json`;

  return {
    /** Stores a snapshot and answers its SHA-256, which is its name: storing it twice is one object. */
    putSnapshot: async (scope: WorkspaceScope, snapshot: RunSnapshot): Promise<string> => {
      const body = JSON.stringify(snapshot);
      const digest = sha256(body);
      await put(snapshotKey(scope, digest), body);
      return digest;
    },

    getSnapshot: async (scope: WorkspaceScope, digest: string): Promise<RunSnapshot> =>
      runSnapshotSchema.parse(
        upgradedAs('snapshot', itemSchema.parse(await get(snapshotKey(scope, digest)))),
      ),

    putBundle: async (scope: WorkspaceScope, runId: string, bundle: JobBundle) => {
      const body = JSON.stringify(bundle);
      const digest = sha256(body);
      // Two tries of one task may make two: none writes over the one that the run's row names.
      const key = `jobs/${scope.workspaceId}/${runId}-${digest.slice(0, 16)}.json`;
      await put(key, body);
      return { key, sha256: digest };
    },

    getBundle: async (key: string): Promise<JobBundle> => jobBundleSchema.parse(await get(key)),

    /** Also of one that is gone already. */
    removeBundle: async (key: string): Promise<void> => {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },

    bundleUrl: (key: string): Promise<string> =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), {
        expiresIn: BUNDLE_URL_SECONDS,
      }),
  };
};
export type RunFiles = ReturnType<typeof runFiles>;
