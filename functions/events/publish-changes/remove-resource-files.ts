import * as z from 'zod';
import type { ResourceFiles } from '../../../shared/store/resource-files.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import type { RowChange } from './row-change.ts';

/** What finds the files of a resource; other attributes do not matter here. */
const rowSchema = z.object({
  pk: z.string(),
  id: z.string(),
  versions: z.array(z.object({ version: z.int() })),
});

const versionsIn = (row: unknown): number[] =>
  row === undefined ? [] : rowSchema.parse(row).versions.map(({ version }) => version);

/** Removes the files of versions that a resource no longer has; of a resource that is gone, all of them. */
export const removeResourceFiles = async (
  change: RowChange,
  files: Pick<ResourceFiles, 'remove'>,
): Promise<void> => {
  if (change.before === undefined) return;
  const kept = new Set(versionsIn(change.after));
  const gone = versionsIn(change.before).filter((version) => !kept.has(version));
  if (gone.length === 0) return;
  const { pk, id } = rowSchema.parse(change.before);
  await files.remove(scopeTo(pk.slice('WS#'.length)), id, gone);
};
