import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { Locator } from '../../contracts/entities/image-version.ts';
import type { ArtifactContext, OutputFacts } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type GcpSnapshot, imageProjectOf } from './base-image.ts';
import { imageSelfLink } from './names.ts';

const PREFIX = /^(==>|\s)\s*(\S+: )\s*/;
/** The line of Packer's communicator; through a tunnel it goes to the runner itself. */
const ADDRESS = /^Using (?:ssh|winrm) communicator to connect: (?!localhost$)(\S+)$/i;

/** What one line of `googlecompute` output says about the build VM: Packer does not print the names of what it makes. */
export const readOutput = (text: string): OutputFacts => {
  const address = ADDRESS.exec(text.replace(PREFIX, '').trim())?.[1];
  return address === undefined ? {} : { buildVm: { address } };
};

/** The builder id of `googlecompute` artifacts. */
const BUILDER_ID = 'packer.googlecompute';

/** The image of an artifact, whose id is the image's name. An image of any other name is not this run's. */
export const readArtifact = (
  artifact: PackerArtifact,
  { snapshot, run }: ArtifactContext<GcpSnapshot>,
): Locator[] => {
  const imageName = finalName(snapshot, run);
  if (artifact.builderId !== BUILDER_ID || artifact.id !== imageName) return [];
  const projectId = imageProjectOf(snapshot);
  const { imageFamily: family } = snapshot.builderConfiguration.settings;
  return [
    {
      role: 'primary',
      projectId,
      imageName,
      ...(family === undefined ? {} : { family }),
      selfLink: imageSelfLink({ projectId, image: imageName }),
    },
  ];
};
