import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { Locator } from '../../contracts/entities/image-version.ts';
import { hostOf, primaryFile } from '../host-files.ts';
import type { ArtifactContext, OutputFacts } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type HypervSnapshot, kinds } from './names.ts';

const PREFIX = /^(==>|\s)\s*(\S+: )\s*/;

/** No line names the machine, which is called as its image; its address leads to it as well. */
const ADDRESS = /^Using (?:ssh|winrm) communicator to connect: ([0-9A-Fa-f.:]+)$/i;

/** What one line of `hyperv-iso` output says about the machine. What a build leaves lies in the folder for images. */
export const readOutput = (text: string): OutputFacts => {
  const address = ADDRESS.exec(text.replace(PREFIX, '').trim())?.[1];
  return address === undefined ? {} : { buildVm: { kind: kinds.machine, locator: address, address } };
};

/** The builder id of Hyper-V's artifacts. */
const BUILDER_ID = 'MSOpenTech.hyperv';

/** The system disk among the files of an artifact: its id is always `VM`. The exported machine lies around it. */
export const readArtifact = (
  artifact: PackerArtifact,
  { snapshot, run, host }: ArtifactContext<HypervSnapshot>,
): Locator[] => {
  if (artifact.builderId !== BUILDER_ID) return [];
  const disks = new Set(['vhdx', 'vhd'].map((extension) => `${finalName(snapshot, run)}.${extension}`));
  return primaryFile(artifact, hostOf(host), (name) => disks.has(name));
};
