import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { Locator } from '../../contracts/entities/image-version.ts';
import type { ArtifactContext, OutputFacts } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { imagePath, kinds, machineName, type VsphereSnapshot } from './names.ts';

const PREFIX = /^(==>|\s)\s*(\S+: )\s*/;

/** No line names the machine; its address leads to it in vSphere as well. */
const machineAt = (address: string): OutputFacts => ({
  buildVm: { kind: kinds.machine, locator: address, address },
});

/** Lines that tell a fact, of Packer 1.6 and of the plugin. */
const readers: { pattern: RegExp; read: (value: string) => OutputFacts }[] = [
  { pattern: /^IP address: \[?([0-9A-Fa-f.:]+)\]?$/, read: machineAt },
  { pattern: /^Using (?:ssh|winrm) communicator to connect: \[?([0-9A-Fa-f.:]+)\]?$/i, read: machineAt },
  {
    // The disc with the files of an unattended installation; Packer removes it unless it is killed.
    pattern: /^Uploading (packer\d+\.iso) to \S/,
    read: (id) => ({ temporaries: [{ kind: kinds.file, id }] }),
  },
];

/** What one line of a vSphere builder says about the machine and what is made for a while. */
export const readOutput = (text: string): OutputFacts => {
  const line = text.replace(PREFIX, '').trim();
  for (const { pattern, read } of readers) {
    const value = pattern.exec(line)?.[1];
    if (value !== undefined) return read(value);
  }
  return {};
};

/** Builder ids of vSphere's artifacts: up to plugin 2.0, and since 2.1. */
const BUILDER_IDS = new Set(['jetbrains.vsphere', 'vmware.vsphere']);

/** The image in an artifact, whose id is the name of the machine. */
export const readArtifact = (
  artifact: PackerArtifact,
  { snapshot, run }: ArtifactContext<VsphereSnapshot>,
): Locator[] => {
  if (!BUILDER_IDS.has(artifact.builderId) || artifact.id !== machineName(snapshot, run)) return [];
  const path = imagePath(snapshot, run);
  return [
    {
      role: 'primary',
      host: snapshot.connection.settings.server,
      ...(path === undefined ? {} : { path }),
      templateName: finalName(snapshot, run),
    },
  ];
};
