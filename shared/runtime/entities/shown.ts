import type { Item } from '../../store/table.ts';
import { hideSecrets } from './secrets.ts';

/** Attributes of a row that are ours and no part of the entity. */
const INTERNAL = new Set(['pk', 'sk', 'row', 'schemaVersion', 'references', 'workspaceId', 'secretSha256']);

/** A row as an audit event may tell it: without secrets and without what is only ours. */
export const shownRow = (row: Item): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([name, value]) => !INTERNAL.has(name) && value !== undefined)
      .map(([name, value]) => [name, hideSecrets(value)]),
  );
