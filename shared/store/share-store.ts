import * as z from 'zod';
import { type Share, shareSchema } from '../contracts/entities/share.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const storedSchema = shareSchema.extend({ imageVersionId: z.string(), rev: z.int() });
export type StoredShare = z.infer<typeof storedSchema>;

/** What a share is of and for: there is at most one of each. */
export type ShareSubject = Pick<StoredShare, 'imageVersionId' | 'region' | 'principal'>;

/**
 * Who may use the images of one workspace. A row is there before the platform is asked and goes after it was, so that
 * whatever may be in force can be seen. Each write but the first is guarded by the revision that was read, and throws
 * WriteRefused when somebody else was faster; in a transaction it is the first write.
 */
export const shareStore = (table: Table, scope: WorkspaceScope) => ({
  /** All of one image version, newest first: one read, about 300 bytes each. */
  list: async (imageVersionId: string): Promise<StoredShare[]> => {
    const rows = await table.query(keys.sharesOf(scope, imageVersionId));
    return rows.map((row) => storedSchema.parse(row)).sort((one, other) => (one.id < other.id ? 1 : -1));
  },

  find: async (subject: ShareSubject): Promise<StoredShare | undefined> => {
    const row = await table.get(keys.share(scope, subject));
    return row === undefined ? undefined : storedSchema.parse(row);
  },

  /** The share is about to be made. Refused when there is one of this subject. */
  begin: async (share: Omit<StoredShare, 'state' | 'rev'>): Promise<StoredShare> => {
    const begun: StoredShare = { ...share, state: 'sharing', rev: 1 };
    const put = { ...keys.share(scope, share), row: 'share' as const, ...begun };
    await table.write([{ put, if: { exists: false } }]);
    return begun;
  },

  mark: async (share: StoredShare, state: Share['state'], more: Write[] = []): Promise<StoredShare> => {
    const rev = share.rev + 1;
    const update = keys.share(scope, share);
    await table.write([{ update, set: { state, rev }, if: { equals: { rev: share.rev } } }, ...more]);
    return { ...share, state, rev };
  },

  remove: (share: StoredShare, more: Write[] = []): Promise<void> =>
    table.write([{ delete: keys.share(scope, share), if: { equals: { rev: share.rev } } }, ...more]),
});
