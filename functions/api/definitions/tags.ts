import { type TagQuery, type TagsInUse, taggedKinds } from '../../../shared/contracts/entities/tag.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import type { Table } from '../../../shared/store/table.ts';
import { tagStore } from '../../../shared/store/tag-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** A Lambda answers 6 MB at most; nobody picks from so many. */
const MAX_ANSWER_BYTES = 4_000_000;
/** What is read for one answer, and 1 MB more at most: 4,000 read units. Usual tags of 11,000 entities are 3 MB. */
const MAX_READ_BYTES = 16_000_000;

/** What an answer says that does not hold all tags in use. */
const incomplete = { 'goldsmith-incomplete': 'true' };

/**
 * The tags in use, for a picker: each key with its distinct values. When there are too many to read or to answer, the
 * header `Goldsmith-Incomplete` says so; then less is asked for with `?kind=`.
 */
export const listTags = async (
  table: Table,
  call: { scope: WorkspaceScope; query: TagQuery },
): Promise<Answer> => {
  const { kind } = call.query;
  const found = new Map<string, Set<string>>();
  const bytes = { answer: 0, read: 0 };
  for await (const page of tagStore(table, call.scope).pages(kind && taggedKinds[kind])) {
    if (bytes.read > MAX_READ_BYTES) return { headers: incomplete, body: sorted(found) };
    for (const [key, value] of page.flatMap((tags) => Object.entries(tags))) {
      const size = Buffer.byteLength(JSON.stringify([key, value]));
      bytes.read += size;
      const values = found.get(key) ?? new Set();
      if (values.has(value)) continue;
      bytes.answer += size;
      if (bytes.answer > MAX_ANSWER_BYTES) return { headers: incomplete, body: sorted(found) };
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
