import { originOf } from '../origin-text.ts';
import type { RunIdentity } from '../platform.ts';
import type { SnapshotOf } from '../snapshot-of.ts';

/** A snapshot of a run on Proxmox. */
export type ProxmoxSnapshot = SnapshotOf<'proxmox'>;
type Builder = ProxmoxSnapshot['builderConfiguration'];
export type IsoSettings = Extract<Builder, { builderType: 'proxmox-iso' }>['settings'];
export type CloneSettings = Extract<Builder, { builderType: 'proxmox-clone' }>['settings'];
export type ProxmoxSettings = IsoSettings | CloneSettings;

/** Kinds of what a build makes on Proxmox. */
export const kinds = { machine: 'proxmox-vm', iso: 'proxmox-iso' } as const;

/** Letters, digits and hyphens: a DNS name, and part of a tag. */
const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

/** Name of the machine while it is built; Proxmox takes DNS names only. */
export const machineName = (run: RunIdentity): string => plain(`goldsmith-${run.runId}`);

/** Proxmox's tags are words: the plugin takes letters, digits, `_` and `-` only, and none twice. */
const tagOf = ([key, value]: [string, string]): string => `${key}_${value}`;

/** Tags of the machine and of the template that it becomes; what ties it to its run wins over the connection's. */
export const tagsOf = ({ connection }: ProxmoxSnapshot, run: RunIdentity): string => {
  const own = Object.entries(originOf(run)).map(
    ([key, value]) => [`goldsmith-${key}`, plain(value)] as const,
  );
  const all = new Map([...Object.entries(connection.imageTags ?? {}), ...own]);
  return [...new Set([...all].map(tagOf))].join(';');
};

/** Where a machine or template is in Proxmox's own list of resources. */
export const resourceOf = (vmId: string): string => `qemu/${vmId}`;
/** The id of a machine or template in such a place. */
export const vmIdOf = (resource: string | undefined): number | undefined => {
  const id = /^qemu\/(\d{3,9})$/.exec(resource ?? '')?.[1];
  return id === undefined ? undefined : Number(id);
};
