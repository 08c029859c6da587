import * as z from 'zod';
import { type ApiToken, apiTokenSchema } from '../contracts/entities/workspace.ts';
import { globalKeys, keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import { scopeTo, type WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const givenSchema = z.looseObject({ createdAt: z.string() });
const placeSchema = z.object({ workspaceId: z.string() });
type TokenRow = ApiToken & z.infer<typeof placeSchema>;

/** A token as its row says; one of the first release was never changed and had a name and a role only. */
export const apiTokenOf = (item: Item): ApiToken => {
  const { createdAt } = givenSchema.parse(item);
  return apiTokenSchema.parse({ description: '', tags: {}, updatedAt: createdAt, rev: 1, ...item });
};

/** API tokens by the SHA-256 of their secret, which itself is never stored; the entity beside it is what is listed. */
export const apiTokenStore = (table: Table) => ({
  /** The token whose secret has this SHA-256, expired or not. */
  bySha256: async (sha256: string): Promise<TokenRow | undefined> => {
    const item = await table.get(globalKeys.apiToken(sha256));
    return item === undefined ? undefined : { ...apiTokenOf(item), ...placeSchema.parse(item) };
  },

  /** Remembers when a token was last used. */
  touch: async (token: TokenRow, sha256: string, now: string): Promise<void> => {
    const listed = keys.entity(scopeTo(token.workspaceId), 'api-token', token.id);
    await table.write([
      { update: globalKeys.apiToken(sha256), set: { lastUsedAt: now }, if: { exists: true } },
      { update: listed, set: { lastUsedAt: now }, if: { exists: true } },
    ]);
  },
});
export type ApiTokenStore = ReturnType<typeof apiTokenStore>;

/** The write that lets a token in, as it is now. */
export const admitToken = (scope: WorkspaceScope, token: ApiToken, sha256: string): Write => ({
  put: {
    ...token,
    ...globalKeys.apiToken(sha256),
    row: 'api-token-digest',
    workspaceId: scope.workspaceId,
  },
});

/** The write that revokes a token. */
export const revokeToken = (sha256: string): Write => ({ delete: globalKeys.apiToken(sha256) });
