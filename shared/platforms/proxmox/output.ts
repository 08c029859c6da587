import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { Locator } from '../../contracts/entities/image-version.ts';
import type { ArtifactContext, OutputFacts } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { kinds, type ProxmoxSnapshot, resourceOf } from './names.ts';

const PREFIX = /^(==>|\s)\s*(\S+: )\s*/;

/** Lines that tell a fact, of Packer 1.6 and of the plugin. */
const readers: { pattern: RegExp; read: (value: string) => OutputFacts }[] = [
  {
    // No line tells the machine's id; its address leads to it.
    pattern: /^Using (?:ssh|winrm) communicator to connect: \[?([0-9A-Fa-f.:]+)\]?$/i,
    read: (address) => ({ buildVm: { kind: kinds.machine, locator: address, address } }),
  },
  {
    // The disc with the files of an unattended installation; Packer removes it unless it is killed.
    pattern: /^Uploaded ISO to ([\w.-]+:iso\/packer\d+\.iso)$/,
    read: (id) => ({ temporaries: [{ kind: kinds.iso, id }] }),
  },
];

/** What one line of a Proxmox builder says about the machine and what is made for a while. */
export const readOutput = (text: string): OutputFacts => {
  const line = text.replace(PREFIX, '').trim();
  for (const { pattern, read } of readers) {
    const value = pattern.exec(line)?.[1];
    if (value !== undefined) return read(value);
  }
  return {};
};

/** Builder ids of Proxmox's artifacts, in Packer 1.6 and in the plugin. */
const BUILDER_IDS = new Set(['proxmox.iso', 'proxmox.clone']);

/** The template in an artifact, whose id is the template's id. */
export const readArtifact = (
  artifact: PackerArtifact,
  { snapshot, run }: ArtifactContext<ProxmoxSnapshot>,
): Locator[] => {
  if (!BUILDER_IDS.has(artifact.builderId) || !/^[1-9]\d{2,8}$/.test(artifact.id)) return [];
  return [
    {
      role: 'primary',
      host: snapshot.connection.settings.server,
      path: resourceOf(artifact.id),
      templateName: finalName(snapshot, run),
    },
  ];
};
