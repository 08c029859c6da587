/** Real builds of compiled steps on a machine that is there already: Packer's `null` builder in place of a platform's. */
import { z } from 'zod';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import type { SnapshotStep } from '../../shared/contracts/snapshot.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { compileBundle } from '../../shared/packer/compile.ts';
import { compileInput, snapshot } from '../unit/shared/packer/fixtures.ts';
import { inFolder, type PackerEnd, runPacker, writeFiles } from './packer-command.ts';
import type { SshTarget } from './ssh-target.ts';

export const NONCE = '5d0e8f2c7b9a4136';

const templateSchema = z.looseObject({ source: z.unknown(), build: z.looseObject({}) });

/** The bundle of a run with these steps. */
export const bundleOf = (steps: SnapshotStep[], takesLogin = false): JobBundle =>
  compileBundle({ ...compileInput({ snapshot: snapshot({ steps }) }), takesLogin });

/** Files of a bundle whose image is made from the target. */
export const filesOn = ({ files }: JobBundle, target: Pick<SshTarget, 'source'>) =>
  files.map(({ path, content }) => {
    if (path !== 'image.pkr.json') return { path, content };
    const template = templateSchema.parse(JSON.parse(content));
    const source = { null: { image: target.source } };
    const build = { ...template.build, sources: ['source.null.image'] };
    return { path, content: JSON.stringify({ ...template, source, build }) };
  });

/** The job of a run with these steps, as a runner gets it, whose image is made from the target. */
export const jobOn = (target: Pick<SshTarget, 'source'>, steps: SnapshotStep[]): JobBundle => {
  const bundle = bundleOf(steps);
  const files = filesOn(bundle, target).map((file) => ({ ...file, sha256: sha256(file.content) }));
  return { ...bundle, files };
};

/** Builds the steps on the target by the real Packer; `secrets` are the values of the template's variables. */
export const buildOn = (
  target: Pick<SshTarget, 'source'>,
  steps: SnapshotStep[],
  secrets: Record<string, string> = {},
): Promise<PackerEnd> =>
  inFolder(async (folder) => {
    await writeFiles(folder, filesOn(bundleOf(steps), target));
    return runPacker(folder, ['build', '-machine-readable', '.'], { goldsmith_nonce: NONCE, ...secrets });
  });
