import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import type { PackerGeneration } from '../../shared/contracts/bundle.ts';
import { readPackerLine } from '../../shared/packer/output/events.ts';
import { generationOf } from '../../shared/packer/output/version.ts';

/** It answers in a fraction of a second; a cold disk or a virus scanner may make that some more. */
const PATIENCE = 60_000;

export type PackerFound = { version: string; generation: PackerGeneration | undefined };

/** Asks Packer for its version. Undefined when it cannot be started or says none. */
export const inspectPacker = async (packer: string): Promise<PackerFound | undefined> => {
  const environment = { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), CHECKPOINT_DISABLE: '1' };
  const run = promisify(execFile)(packer, ['-machine-readable', 'version'], {
    env: environment,
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  });
  const { stdout } = await run.catch(() => ({ stdout: '' }));
  const version = stdout
    .split('\n')
    .map(readPackerLine)
    .find((event) => event.kind === 'version')?.version;
  return version === undefined ? undefined : { version, generation: generationOf(version) };
};

/** Why this Packer cannot build a job of this generation; undefined when it can. */
export const refuseGeneration = (
  found: PackerFound | undefined,
  wanted: PackerGeneration,
): string | undefined => {
  if (found === undefined)
    return 'Packer could not be started on this machine: is it installed, and on the PATH?';
  if (found.generation === wanted) return undefined;
  const needed = wanted === '1.6' ? '1.6.x' : '1.15.1 or later';
  return `This machine has Packer ${found.version}, but the job needs ${needed}.`;
};
