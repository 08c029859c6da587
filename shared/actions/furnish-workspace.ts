import { makeSamples, type NewId, type Sample } from '../samples/index.ts';
import { type FoundingEntity, foundingWrites } from '../store/entity-store.ts';
import { keys } from '../store/keys.ts';
import type { Table } from '../store/table.ts';
import { WriteRefused } from '../store/write-refused.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Write } from '../store/write.ts';
import { externalIdOf } from './external-id.ts';

/** A transaction of DynamoDB takes 100 writes; one is left for the guard of those that take back. */
const AT_ONCE = 99;

export type Maker = { newId: NewId; createdBy: string; createdAt: string };

/**
 * Writes the samples of a new workspace (S38), then does `create`, which makes the workspace and its owner. Nobody sees a
 * workspace that has no row, so the samples need not be of its transaction: they cost one round trip, and they are
 * there when the workspace is. Whatever goes wrong, they are taken back unless the workspace is there; only a crash
 * between the two leaves rows that no key of a member leads to.
 */
export const furnishWorkspace = async (
  table: Table,
  scope: WorkspaceScope,
  maker: Maker,
  create: () => Promise<void>,
): Promise<void> => {
  const writes = foundingWrites(
    scope,
    makeSamples(maker.newId).map((sample) => entityOf(sample, maker)),
  );
  const parts = partsOf(writes);
  const written = await Promise.allSettled(parts.map((part) => table.write(part)));
  const failure = written.find((one) => one.status === 'rejected');
  try {
    if (failure !== undefined) throw failure.reason;
    await create();
  } catch (error) {
    await takeBack(
      table,
      scope,
      parts.filter((_, place) => !wasRefused(written[place])),
    );
    throw error;
  }
};

/** Certainly not written: what lies in the way is not ours to remove. */
const wasRefused = (result: PromiseSettledResult<void> | undefined): boolean =>
  result?.status === 'rejected' && result.reason instanceof WriteRefused;

/** The row that a create of the API writes, by whoever makes the workspace. */
const entityOf = (
  { kind, id, input, references }: Sample,
  { createdBy, createdAt }: Maker,
): FoundingEntity => {
  const given = { id, createdAt, createdBy, updatedAt: createdAt, rev: 1 };
  const made = kind === 'connection' ? externalIdOf(input) : {};
  return { kind, entity: { ...input, ...made, ...given }, references };
};

const partsOf = (writes: Write[]): Write[][] =>
  Array.from({ length: Math.ceil(writes.length / AT_ONCE) }, (_, part) =>
    writes.slice(part * AT_ONCE, (part + 1) * AT_ONCE),
  );

/**
 * Removes what was written, on condition that there is no workspace: a create whose answer was lost may have made it.
 * What is not removed stays where nobody looks; the error is what the caller is to hear of.
 */
const takeBack = async (table: Table, scope: WorkspaceScope, parts: Write[][]): Promise<void> => {
  const deletes = (part: Write[]): Write[] =>
    part.flatMap((write) => ('put' in write ? [{ delete: { pk: write.put.pk, sk: write.put.sk } }] : []));
  const guard: Write = { check: keys.workspace(scope), if: { exists: false } };
  await Promise.allSettled(parts.map((part) => table.write([guard, ...deletes(part)])));
};
