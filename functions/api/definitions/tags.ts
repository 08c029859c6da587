import { type TagQuery, type TagsInUse, taggedKinds } from '../../../shared/contracts/entities/tag.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import type { Table } from '../../../shared/store/table.ts';
import { tagStore } from '../../../shared/store/tag-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** A Lambda answers 6 MB at most; what is beyond this is left out, as nobody picks from so many. */
const MAX_ANSWER_BYTES = 4_000_000;

/** The tags in use, for a picker: each key with its distinct values. */
export const listTags = async (
  table: Table,
  call: { scope: WorkspaceScope; query: TagQuery },
): Promise<Answer> => {
  const { kind } = call.query;
  const found = new Map<string, Set<string>>();
  let bytes = 0;
  for await (const tags of tagStore(table, call.scope).all(kind && taggedKinds[kind])) {
    for (const [key, value] of Object.entries(tags)) {
      const values = found.get(key) ?? new Set();
      if (values.has(value)) continue;
      bytes += Buffer.byteLength(JSON.stringify([key, value]));
      if (bytes > MAX_ANSWER_BYTES) return { body: sorted(found) };
      found.set(key, values.add(value));
    }
  }
  return { body: sorted(found) };
};

/** Also with keys such as `__proto__`: entries become properties of the object's own. */
const sorted = (found: Map<string, Set<string>>): TagsInUse =>
  Object.fromEntries(
    [...found.keys()].toSorted().map((key) => [key, [...(found.get(key) ?? [])].toSorted()]),
  );
