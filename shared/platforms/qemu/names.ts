import type { SnapshotOf } from '../snapshot-of.ts';

/** A snapshot of a run on QEMU. */
export type QemuSnapshot = SnapshotOf<'qemu'>;
export type QemuSettings = QemuSnapshot['builderConfiguration']['settings'];

/** Kinds of what a build makes with QEMU. */
export const kinds = { machine: 'qemu-vm' } as const;
