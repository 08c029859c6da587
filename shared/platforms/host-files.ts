import type { PackerArtifact } from '../contracts/agent-protocol.ts';
import type { Locator } from '../contracts/entities/image-version.ts';

/** Stands for the machine that runs Packer, where it has not told its name. */
const UNNAMED_HOST = 'agent';

/** The machine that holds an image that is files. */
export const hostOf = (host: string | undefined): string => host ?? UNNAMED_HOST;

/** The one file of an artifact that is the image, as its locator; `isImage` is asked for the file's name. */
export const primaryFile = (
  { files = [] }: PackerArtifact,
  host: string,
  isImage: (name: string) => boolean,
): Locator[] => {
  const path = files.find((file) =>
    isImage(file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)),
  );
  return path === undefined ? [] : [{ role: 'primary', host, path }];
};
