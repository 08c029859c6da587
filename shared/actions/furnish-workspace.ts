import { makeSamples, type NewId, type Sample } from '../samples/index.ts';
import { type FoundingEntity, foundingWrites } from '../store/entity-store.ts';
import { type Table, WriteRefused } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Write } from '../store/write.ts';
import { externalIdOf } from './external-id.ts';

/** A transaction of DynamoDB takes 100 writes. */
const AT_ONCE = 100;

export type Maker = { newId: NewId; createdBy: string; createdAt: string };

/**
 * Writes the samples of a new workspace (S38), then does `create`, which makes the workspace and its owner. Nobody sees a
 * workspace that has no row, so the samples need not be of its transaction: they cost one round trip, and they are
 * there when the workspace is. When `create` is refused they are taken back; a crash between the two leaves rows that
 * no key of a member leads to.
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
  await Promise.all(partsOf(writes).map((part) => table.write(part)));
  try {
    await create();
  } catch (error) {
    if (error instanceof WriteRefused) await takeBack(table, writes);
    throw error;
  }
};

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

/** What is not removed stays where nobody looks; the refusal is what the caller is to hear of. */
const takeBack = async (table: Table, writes: Write[]): Promise<void> => {
  const deletes = writes.flatMap((write): Write[] =>
    'put' in write ? [{ delete: { pk: write.put.pk, sk: write.put.sk } }] : [],
  );
  await Promise.allSettled(partsOf(deletes).map((part) => table.write(part)));
};
