import * as z from 'zod';
import { type ApiToken, apiTokenSchema } from '../contracts/entities/workspace.ts';
import { globalKeys, keys } from './keys.ts';
import type { Table } from './table.ts';
import { scopeTo, type WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const tokenRowSchema = apiTokenSchema.extend({ workspaceId: z.string() });
type TokenRow = z.infer<typeof tokenRowSchema>;

/** API tokens: one row by the SHA-256 of the secret, one in the workspace's list. The secret itself is never stored. */
export const apiTokenStore = (table: Table) => ({
  /** The token whose secret has this SHA-256, expired or not. */
  bySha256: async (sha256: string): Promise<TokenRow | undefined> => {
    const item = await table.get(globalKeys.apiToken(sha256));
    return item === undefined ? undefined : tokenRowSchema.parse(item);
  },

  /** Remembers when a token was last used. */
  touch: async (token: TokenRow, sha256: string, now: string): Promise<void> => {
    const listed = keys.entity(scopeTo(token.workspaceId), 'api-token', token.id);
    await table.write([
      { update: globalKeys.apiToken(sha256), set: { lastUsedAt: now }, if: { exists: true } },
      { update: listed, set: { lastUsedAt: now }, if: { exists: true } },
    ]);
  },

  create: async (scope: WorkspaceScope, token: ApiToken, sha256: string, more: Write[]): Promise<void> => {
    const row = { row: 'api-token', schemaVersion: 1, workspaceId: scope.workspaceId, ...token };
    await table.write([
      { put: { ...globalKeys.apiToken(sha256), ...row }, if: { exists: false } },
      { put: { ...keys.entity(scope, 'api-token', token.id), ...row, secretSha256: sha256 } },
      ...more,
    ]);
  },

  list: async (scope: WorkspaceScope): Promise<ApiToken[]> => {
    const items = await table.query({ ...keys.apiTokens(scope), newestFirst: true });
    return items.map((item) => apiTokenSchema.parse(item));
  },
});
export type ApiTokenStore = ReturnType<typeof apiTokenStore>;
