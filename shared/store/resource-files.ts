import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Upload } from '../contracts/entities/resource.ts';
import { attachmentNamed } from '../domain/resource/content-disposition.ts';
import { fileCallLimits } from './call-limits.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

/**
 * How long an upload may begin; 5 GiB may take longer to arrive. S3 ends it earlier when the session of the role that
 * signed it ends (of a Lambda function some hours): then another version is announced.
 */
const UPLOAD_SECONDS = 3600;
/** How long a runner may take until it begins to fetch a file of its job. */
const BYTES_SECONDS = 3600;
/** How long a download may begin. */
const DOWNLOAD_SECONDS = 300;

/** The bucket's lifecycle removes what still carries it a day after the upload (infra/stacks/state-stack.ts). */
const UPLOADING = { Key: 'state', Value: 'uploading' };
const AVAILABLE = { Key: 'state', Value: 'available' };

/** One version of a resource. */
export type ResourcePlace = { resourceId: string; version: number };

/** The only place that knows where bytes lie; `files/` is what the functions' permissions name. */
export const resourcePrefix = (scope: WorkspaceScope): string => `files/${scope.workspaceId}/`;
const keyOf = (scope: WorkspaceScope, { resourceId, version }: ResourcePlace): string =>
  `${resourcePrefix(scope)}${resourceId}/${version}`;

const base64Of = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

type Bucketed = { Bucket: string; client: S3Client };

/** What clients are given: addresses that are signed here and used elsewhere. */
const links = ({ Bucket, client }: Bucketed) => {
  /**
   * A signed PUT of exactly these bytes, once. In the URL S3 would ignore the checksum, so what binds the bytes is
   * signed as headers: length, SHA-256, the tag of an unfinished upload, and that nothing lies there yet.
   */
  const upload = async (
    scope: WorkspaceScope,
    place: ResourcePlace,
    content: { sizeBytes: number; sha256: string },
  ): Promise<Upload> => {
    const headers = {
      'content-length': String(content.sizeBytes),
      'if-none-match': '*',
      'x-amz-checksum-sha256': base64Of(content.sha256),
      'x-amz-tagging': `${UPLOADING.Key}=${UPLOADING.Value}`,
    };
    const command = new PutObjectCommand({
      Bucket,
      Key: keyOf(scope, place),
      ContentLength: content.sizeBytes,
      IfNoneMatch: headers['if-none-match'],
      ChecksumSHA256: headers['x-amz-checksum-sha256'],
      Tagging: headers['x-amz-tagging'],
    });
    const signingDate = new Date();
    const url = await getSignedUrl(client, command, {
      expiresIn: UPLOAD_SECONDS,
      signingDate,
      unhoistableHeaders: new Set(Object.keys(headers)),
    });
    const expiresAt = new Date(signingDate.getTime() + UPLOAD_SECONDS * 1000).toISOString();
    return { version: place.version, url, method: 'PUT', headers, expiresAt };
  };

  /** A signed download, saved under the file's own name and never shown as a page. */
  const downloadUrl = (scope: WorkspaceScope, place: ResourcePlace, fileName: string): Promise<string> =>
    getSignedUrl(
      client,
      new GetObjectCommand({
        Bucket,
        Key: keyOf(scope, place),
        ResponseContentDisposition: attachmentNamed(fileName),
        ResponseContentType: 'application/octet-stream',
      }),
      { expiresIn: DOWNLOAD_SECONDS },
    );

  /** A signed download of exactly these bytes for a machine, also when the resource was deleted a moment ago. */
  const bytesUrl = (
    scope: WorkspaceScope,
    place: ResourcePlace,
    VersionId: string | undefined,
  ): Promise<string> =>
    getSignedUrl(client, new GetObjectCommand({ Bucket, Key: keyOf(scope, place), VersionId }), {
      expiresIn: BYTES_SECONDS,
    });

  return { upload, downloadUrl, bytesUrl };
};

/** What is done with the bytes that lie there. */
const bytes = ({ Bucket, client }: Bucketed) => {
  /**
   * What was uploaded, as S3 itself measured it; undefined when nothing was. By their own version, bytes are also found
   * that were removed some days ago.
   */
  const inspect = async (scope: WorkspaceScope, place: ResourcePlace, version?: string) => {
    const Key = keyOf(scope, place);
    try {
      const command = new HeadObjectCommand({ Bucket, Key, VersionId: version, ChecksumMode: 'ENABLED' });
      const { ContentLength, ChecksumSHA256, VersionId } = await client.send(command);
      const sha256 = ChecksumSHA256 === undefined ? undefined : hexOf(ChecksumSHA256);
      return { sizeBytes: ContentLength, sha256, objectVersion: VersionId };
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  };

  /** Takes the mark of an unfinished upload from the bytes that `inspect` saw, so that they stay. */
  const keep = async (
    scope: WorkspaceScope,
    place: ResourcePlace,
    VersionId: string | undefined,
  ): Promise<void> => {
    const Tagging = { TagSet: [AVAILABLE] };
    await client.send(new PutObjectTaggingCommand({ Bucket, Key: keyOf(scope, place), VersionId, Tagging }));
  };

  /** Throws away what was uploaded and is not what was announced. */
  const discard = async (scope: WorkspaceScope, place: ResourcePlace): Promise<void> => {
    await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(scope, place) }));
  };

  /** Removes versions of a resource; doing it twice is no error. Throws when S3 refuses one of them. */
  const remove = async (scope: WorkspaceScope, resourceId: string, versions: number[]): Promise<void> => {
    if (versions.length === 0) return;
    const Objects = versions.map((version) => ({ Key: keyOf(scope, { resourceId, version }) }));
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [refused] = answer.Errors ?? [];
    if (refused !== undefined) throw new Error(`S3 kept ${refused.Key}: ${refused.Code}`);
  };

  return { inspect, keep, discard, remove };
};

/** Files of resources. The bucket keeps what was removed for some days, so that a run that began can end. */
export const resourceFiles = (
  Bucket: string,
  client = new S3Client({ ...fileCallLimits, forcePathStyle: true }),
) => ({
  ...links({ Bucket, client }),
  ...bytes({ Bucket, client }),
});
export type ResourceFiles = ReturnType<typeof resourceFiles>;
