import { mkdir } from 'node:fs/promises';
import { IMAGE_FOLDER_VARIABLE, type JobBundle } from '../../shared/contracts/bundle.ts';
import { BundleError } from './job-bundle.ts';

/**
 * The template's variable with the folder for images that are files of this machine, where the job has one. Makes the
 * folder: it outlives the job, and some builders want it to be there. Throws BundleError when it cannot be made.
 */
export const imageFolderVariable = async (
  { variables }: Pick<JobBundle, 'variables'>,
  folder: string,
): Promise<Record<string, string>> => {
  if (!variables.some(({ name }) => name === IMAGE_FOLDER_VARIABLE)) return {};
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new BundleError(`The folder for images could not be made: ${folder}`, { cause: error });
  });
  return { [IMAGE_FOLDER_VARIABLE]: folder };
};
