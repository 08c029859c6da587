import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { Locator } from '../../contracts/entities/image-version.ts';
import { hostOf, primaryFile } from '../host-files.ts';
import type { ArtifactContext, OutputFacts } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { kinds, type QemuSnapshot } from './names.ts';

const PREFIX = /^(==>|\s)\s*(\S+: )\s*/;

const machineAt = (address: string): OutputFacts => ({
  buildVm: { kind: kinds.machine, locator: address, address },
});

/** Lines that tell a fact, the same in Packer 1.6 and in the plugin. */
const readers: { pattern: RegExp; read: (value: string) => OutputFacts }[] = [
  {
    // The machine has no address: this port of the machine that runs QEMU leads to it.
    pattern: /^Found port for communicator \(SSH, WinRM, etc\): (\d{1,5})\.?$/,
    read: (port) => machineAt(`127.0.0.1:${port}`),
  },
  {
    // Of a machine at a bridge.
    pattern: /^Using (?:ssh|winrm) communicator to connect: (?!127\.0\.0\.1$)([0-9A-Fa-f.:]+)$/i,
    read: machineAt,
  },
];

/** What one line of `qemu` output says about the machine. What a build leaves lies in the folder of its run. */
export const readOutput = (text: string): OutputFacts => {
  const line = text.replace(PREFIX, '').trim();
  for (const { pattern, read } of readers) {
    const value = pattern.exec(line)?.[1];
    if (value !== undefined) return read(value);
  }
  return {};
};

/** The builder id of `qemu` artifacts. */
const BUILDER_ID = 'transcend.qemu';

/** The system disk among the files of an artifact: its id is always `VM`. */
export const readArtifact = (
  artifact: PackerArtifact,
  { snapshot, run, host }: ArtifactContext<QemuSnapshot>,
): Locator[] => {
  if (artifact.builderId !== BUILDER_ID) return [];
  return primaryFile(artifact, hostOf(host), (name) => name === finalName(snapshot, run));
};
