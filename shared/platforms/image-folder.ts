import { type BundleVariable, IMAGE_FOLDER_VARIABLE } from '../contracts/bundle.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import { join, type TemplateScalar, variable } from './expression.ts';
import type { RunIdentity } from './platform.ts';
import { finalName } from './snapshot-of.ts';

/** A path in a folder that the builder names, else in the folder for images of the machine that runs Packer. */
const pathIn = (folder: string | undefined, path: string, before: string): TemplateScalar => {
  if (folder === undefined) return join(before, variable(IMAGE_FOLDER_VARIABLE), `/${path}`);
  const separator = folder.includes('\\') ? '\\' : '/';
  return `${before}${folder.replace(/[\\/]+$/, '')}${separator}${path}`;
};

/** The variable with the folder for images, whose value the runner knows. */
export const imageFolderVariable: BundleVariable = { name: IMAGE_FOLDER_VARIABLE, from: 'runner' };

/**
 * Where Packer puts an image that is files of its own machine. A job's folder is deleted with the job, so it is never in
 * there: it is where the builder says, else in `image_folder`, a variable that the runner sets. Each run has a folder
 * for itself, which is named after image and run and holds what is left of a build that was stopped, too.
 */
export const imageFolderOf = (
  snapshot: RunSnapshot,
  run: RunIdentity,
  outputDirectory: string | undefined,
) => {
  const image = finalName(snapshot, run);
  const name = `${image}-${run.runId}`;
  return {
    directory: pathIn(outputDirectory, name, ''),
    /** The path of the disk that QEMU builds, behind the given text. */
    diskAfter: (before: string) => pathIn(outputDirectory, `${name}/${image}`, before),
    variables: outputDirectory === undefined ? [imageFolderVariable] : [],
  };
};
