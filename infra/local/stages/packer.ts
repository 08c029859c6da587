/** Which Packer this machine has, and so which dialect of templates it reads. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { PackerGeneration } from '../../../shared/contracts/bundle.ts';

const run = promisify(execFile);

/**
 * The generation of the `packer` in PATH: Debian's 1.6, or 1.15.1 and later.
 * @throws Error that says what to do when there is none, or one between the two
 */
export async function detectPackerGeneration(): Promise<PackerGeneration> {
  const said = await run('packer', ['version'], {
    env: { PATH: process.env['PATH'] ?? '', CHECKPOINT_DISABLE: '1' },
  })
    .then(({ stdout }) => stdout)
    .catch(() => '');
  const [, major, minor, patch] = /Packer v(\d+)\.(\d+)\.(\d+)/.exec(said)?.map(Number) ?? [];
  if (major === undefined || minor === undefined || patch === undefined)
    throw new Error('Packer was not found in PATH. On Debian and Ubuntu: apt-get install packer');
  if (major === 1 && minor === 6) return '1.6';
  if (major > 1 || minor > 15 || (minor === 15 && patch >= 1)) return 'modern';
  throw new Error(
    `Packer ${major}.${minor}.${patch} is not supported: Goldsmith needs 1.6 (Debian's) or 1.15.1 and later.`,
  );
}
