import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { Locator } from '../../contracts/entities/image-version.ts';
import type { ArtifactContext, OutputFacts } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { imagePath, kinds, type NutanixSnapshot, uuidOf } from './names.ts';

const PREFIX = /^(==>|\s)\s*(\S+: )\s*/;

/** Lines of the plugin that tell a fact. */
const readers: { pattern: RegExp; read: (value: string) => OutputFacts }[] = [
  {
    pattern: /^Virtual machine (goldsmith-\S+) created$/,
    read: (name) => ({
      buildVm: { kind: kinds.machine, locator: name },
      temporaries: [{ kind: kinds.machine, id: name }],
    }),
  },
  {
    pattern: /^Using (?:ssh|winrm) communicator to connect: ([0-9A-Fa-f.:]+)$/i,
    read: (address) => ({ buildVm: { address } }),
  },
  {
    // The disc with the files of an unattended installation; the plugin removes it unless it is killed.
    pattern: /^CD disk uploaded (packer\d+\.iso)$/,
    read: (id) => ({ temporaries: [{ kind: kinds.image, id }] }),
  },
];

/** What one line of `nutanix` output says about the machine and what is made for a while. */
export const readOutput = (text: string): OutputFacts => {
  const line = text.replace(PREFIX, '').trim();
  for (const { pattern, read } of readers) {
    const value = pattern.exec(line)?.[1];
    if (value !== undefined) return read(value);
  }
  return {};
};

/** The builder id of `nutanix` artifacts. */
const BUILDER_ID = 'packer.nutanix';

/** The image in an artifact, whose id is the UUID of the first disk's image. */
export const readArtifact = (
  artifact: PackerArtifact,
  { snapshot, run }: ArtifactContext<NutanixSnapshot>,
): Locator[] => {
  const path = imagePath(artifact.id);
  if (artifact.builderId !== BUILDER_ID || uuidOf(path) === undefined) return [];
  const host = snapshot.connection.settings.server;
  return [{ role: 'primary', host, path, templateName: finalName(snapshot, run) }];
};
