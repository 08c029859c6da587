import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';

const recipeFolder = join(import.meta.dirname, 'base-disk');

/** Making the disk takes 4 s, downloading its packages as long as the network wants: a limit for a hung mirror. */
const buildTimeoutMs = 10 * 60 * 1000;

/** Everything that decides what is on the disk, as one hash: a changed recipe or Debian release makes a new disk. */
async function hashRecipe(release: string): Promise<string> {
  const hash = createHash('sha256').update(release);
  for (const name of [
    'build.sh',
    ...(await readdir(join(recipeFolder, 'guest'))).sort().map((file) => join('guest', file)),
  ]) {
    hash.update(`\n${name}\n`).update(await readFile(join(recipeFolder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function readRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string): string =>
    new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(text)?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}`;
}

/**
 * Path of the bootable disk that every base image of the local account stands for; makes it when it is not there yet
 * (4 s, plus the download of 35 MB of Debian packages on the first use). Safe to call from several processes at once.
 * @param cacheDir keeps the packages and the disk between runs
 * @throws Error with the output of the recipe when a tool is missing or a download fails
 */
export async function ensureBaseDisk(cacheDir: string): Promise<string> {
  const folder = join(cacheDir, 'base-disk');
  const release = await readRelease();
  const disk = join(folder, `${await hashRecipe(release)}.qcow2`);
  if (await exists(disk)) return disk;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'work-'));
  try {
    await runCommand(
      'sh',
      [join(recipeFolder, 'build.sh'), join(folder, `packages-${release}`), work, disk],
      { timeoutMs: buildTimeoutMs },
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return disk;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
