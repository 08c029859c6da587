import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { BundleError } from './job-bundle.ts';

/** The folders of one job; nobody but the runner's user may look into them. */
export type JobFolder = {
  root: string;
  /** Packer's working directory: the files of the bundle. */
  files: string;
  home: string;
  /** Kept short: Packer makes sockets in it, and the path of one has at most 107 characters. */
  temporary: string;
  cache: string;
  config: string;
  remove: () => Promise<void>;
};

/** The file of a job that Packer writes the build VM's login to. */
export const loginFileOf = ({ root }: Pick<JobFolder, 'root'>): string => path.join(root, 'login');

/**
 * Makes the folders of a job below `workDir`. Packer leaves rendered scripts and sockets in its temporary folder
 * when it is killed, so all of it is this job's own and goes with `remove`.
 */
export const createJobFolder = async (workDir: string): Promise<JobFolder> => {
  await mkdir(workDir, { recursive: true });
  // mkdtemp makes it with mode 700.
  const root = await mkdtemp(path.join(await realpath(workDir), 'goldsmith-'));
  const names = { files: 'job', home: 'home', temporary: 'tmp', cache: 'cache', config: 'config' } as const;
  for (const name of Object.values(names)) await mkdir(path.join(root, name), { mode: 0o700 });
  return {
    root,
    files: path.join(root, names.files),
    home: path.join(root, names.home),
    temporary: path.join(root, names.temporary),
    cache: path.join(root, names.cache),
    config: path.join(root, names.config),
    // A build VM that lives on, or a last plugin, may still write while the tree is being removed.
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
};

/**
 * Writes the files of a bundle below `root`. Throws BundleError for a checksum that does not fit, a path that leads
 * out of the folder and one that is given twice; what was written before is removed with the folder.
 */
export const writeBundleFiles = async (root: string, files: JobBundle['files']): Promise<void> => {
  for (const file of files) {
    const target = path.resolve(root, file.path);
    if (!target.startsWith(root + path.sep))
      throw new BundleError(`A file leads out of the job: ${file.path}`);
    if (sha256(file.content) !== file.sha256) throw new BundleError(`A file was altered: ${file.path}`);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    // `wx` refuses what is there already, a link included.
    await writeFile(target, file.content, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      throw new BundleError(`A file could not be written: ${file.path}`, { cause: error });
    });
  }
};
