import type { SnapshotOf } from '../snapshot-of.ts';

/** A snapshot of a run on Hyper-V. */
export type HypervSnapshot = SnapshotOf<'hyperv'>;
export type HypervSettings = HypervSnapshot['builderConfiguration']['settings'];

/** Kinds of what a build makes in Hyper-V. */
export const kinds = { machine: 'hyperv-vm' } as const;
