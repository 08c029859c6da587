import type { BundleDownload } from '../contracts/bundle.ts';
import type { OsImage } from '../contracts/entities/operating-system.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import { PlatformError } from './errors.ts';
import { type TemplateObject, TokenText } from './expression.ts';
import { fileOf } from './snapshot-of.ts';

/** Folder of the job that the installing machine reads from. */
const FOLDER = 'unattended';
/** The name that cloud-init and Anaconda look for; Windows looks at every disc. */
const LABEL = 'cidata';
const BOOT_TOKENS = ['.HTTPIP', '.HTTPPort'];

type Unattended = { body: TemplateObject; downloads: BundleDownload[] };

/** Plain characters only: the name is part of a path in the job's folder. */
const pathOf = (fileName: string): string =>
  `${FOLDER}/${fileName.replaceAll(/[^A-Za-z0-9._-]/g, '_').replaceAll('..', '__')}`;

/** Two files of one name would be one file, and nobody could say which. */
const demandOwnNames = (downloads: readonly BundleDownload[]): void => {
  const twice = downloads.find(({ path }, at) => downloads.findIndex((one) => one.path === path) !== at);
  if (twice !== undefined)
    throw new PlatformError(
      'resource-unavailable',
      `Two files of the unattended installation are both called ${twice.path}.`,
    );
};

/**
 * How a system installs itself: keys to type, and files that are served by HTTP and put on a disc. Empty for an image
 * that is installed already.
 */
export const unattendedFields = (snapshot: RunSnapshot, image: OsImage | undefined): Unattended => {
  const unattended = image !== undefined && 'unattended' in image ? image.unattended : undefined;
  if (unattended === undefined) return { body: {}, downloads: [] };
  const downloads = unattended.resourceIds.map((id) => {
    const { resourceId, version, fileName, sizeBytes, sha256 } = fileOf(snapshot, id);
    return { path: pathOf(fileName), resourceId, version, sizeBytes, sha256 };
  });
  demandOwnNames(downloads);
  const hasFiles = downloads.length > 0;
  const keys = unattended.bootCommand.map((line) => new TokenText(line, BOOT_TOKENS));
  return {
    body: {
      boot_command: keys.length === 0 ? undefined : keys,
      http_directory: hasFiles ? FOLDER : undefined,
      cd_files: hasFiles ? downloads.map(({ path }) => path) : undefined,
      cd_label: hasFiles ? LABEL : undefined,
    },
    downloads,
  };
};

/** Whether a boot command has the installer read files by HTTP, where Packer serves them. */
export const readsByHttp = (keys: unknown): boolean =>
  Array.isArray(keys) && keys.some((line) => line instanceof TokenText && /\.HTTP(IP|Port)/.test(line.text));
