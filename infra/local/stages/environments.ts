/** What is made once on a machine: Python's virtual environments and the base disk. Nothing to do later. */
import { join } from 'node:path';
import { defaultVenvDir, EMULATOR_REQUIREMENTS, ensureVenv } from '../emulator/index.ts';
import { killDescendants } from '../stack/process-table.ts';
import { CHECKOUT, type StackPaths } from '../stack/settings.ts';
import { ensureBaseDisk } from '../standins/ec2/index.ts';
import type { Report, StagePrinter } from '../terminal/stage-printer.ts';

const EC2_REQUIREMENTS = join(CHECKOUT, 'infra', 'local', 'standins', 'ec2', 'requirements.txt');

/** Folders of the two virtual environments. */
export const environments = { emulator: defaultVenvDir('emulator'), ec2: defaultVenvDir('ec2') } as const;

/**
 * Makes the virtual environments and the base disk where they are missing: a minute with a network, else nothing.
 * @param signal ends what is under way
 * @throws Error in plain words when one cannot be made, or the signal's reason
 */
export async function prepareEnvironments(
  printer: StagePrinter,
  paths: StackPaths,
  signal: AbortSignal,
): Promise<void> {
  // pip, apt and the recipe of the disk know no signal of ours.
  const end = () => void killDescendants();
  signal.addEventListener('abort', end);
  try {
    await printer.stage('Python environments', (report) => makeEnvironments(report));
    await printer.stage('base disk', async (report) => {
      report('a small bootable Linux, made from Debian packages');
      await ensureBaseDisk(paths.cache);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

async function makeEnvironments(onProgress: Report): Promise<void> {
  await ensureVenv({ name: 'emulator', requirementsFile: EMULATOR_REQUIREMENTS, onProgress });
  await ensureVenv({ name: 'ec2', requirementsFile: EC2_REQUIREMENTS, onProgress });
}
