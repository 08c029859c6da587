import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { fileCallLimits } from './call-limits.ts';
import { resourcePrefix } from './resource-files.ts';
import { runFilePrefixes } from './run-files.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

export type Buckets = { runs: string; resources: string };

/**
 * All files of a workspace. The bucket of resources has versions: there a removed file can be had by its version for
 * some days more, as any other that is deleted. An upload that somebody was allowed to begin and that ends later is
 * removed by that bucket's rule for uploads that were never completed.
 */
export const workspaceFiles = (
  buckets: Buckets,
  client = new S3Client({ ...fileCallLimits, forcePathStyle: true }),
) => {
  /** Removes up to 1,000 files and tells how many; 0 when there is none left. Throws when S3 refuses one of them. */
  const removeSome = async (Bucket: string, Prefix: string): Promise<number> => {
    const { Contents: found = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
    if (found.length === 0) return 0;
    const Objects = found.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [refused] = answer.Errors ?? [];
    if (refused !== undefined) throw new Error(`S3 kept ${refused.Key}: ${refused.Code}`);
    return found.length;
  };

  return {
    /** Removes everything, and can be left after each step: what is gone is gone. */
    removeAll: async function* (scope: WorkspaceScope): AsyncGenerator<void> {
      const places = [
        ...runFilePrefixes(scope).map((prefix) => [buckets.runs, prefix] as const),
        [buckets.resources, resourcePrefix(scope)] as const,
      ];
      for (const place of places) while ((await removeSome(...place)) > 0) yield;
    },
  };
};
export type WorkspaceFiles = ReturnType<typeof workspaceFiles>;
