import * as z from 'zod';
import { socketStore } from '../../../shared/store/socket-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import type { RowChange } from './row-change.ts';

const workspacePrefix = 'WS#';
/** Of the two rows of a member the one by workspace; a token's is its entity. */
const rowSchema = z.object({
  pk: z.string().startsWith(workspacePrefix),
  userId: z.string().optional(),
  id: z.string().optional(),
});

/** Who is no member any more, and a token that is revoked, hears nothing more on connections that are still open. */
export const hangUp = async (change: RowChange, traffic: Table): Promise<void> => {
  if (change.after !== undefined) return;
  const { data: row } = rowSchema.safeParse(change.before);
  const principalId = row?.userId ?? row?.id;
  if (row === undefined || principalId === undefined) return;
  await socketStore(traffic).disconnectAll(scopeTo(row.pk.slice(workspacePrefix.length)), principalId);
};
