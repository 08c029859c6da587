import * as z from 'zod';
import { type ApiTokenInput, apiTokenInput } from '../../../shared/contracts/entities/workspace.ts';
import { sha256 } from '../../../shared/domain/sha256.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { type Creation, createEntity } from '../../../shared/runtime/entities/create.ts';
import type { EntityContext, EntityModule, Given } from '../../../shared/runtime/entities/module.ts';
import { newSecret, now } from '../../../shared/runtime/ids.ts';
import { admitToken, apiTokenOf, revokeToken } from '../../../shared/store/api-token-store.ts';
import type { Item } from '../../../shared/store/table.ts';

const keptSchema = z.object({ secretSha256: z.string(), lastUsedAt: z.string().optional() });
const digestOf = (row: Item): string => keptSchema.parse(row).secretSha256;

const notOver = (input: ApiTokenInput, current: Item | undefined) =>
  input.expiresAt <= now() && input.expiresAt !== current?.['expiresAt']
    ? [{ pointer: '/expiresAt', code: 'in-the-past', detail: 'must lie in the future' }]
    : [];

/** A program's way in. Only the SHA-256 of its secret is stored; deleting the token revokes it at once. */
export const apiToken: EntityModule<ApiTokenInput> = {
  kind: 'api-token',
  input: apiTokenInput,
  references: () => [],
  rules: (input, _referred, _context, current) => notOver(input, current),
  store: async (input, given, _context, current) => ({ ...input, ...given, ...keptSchema.parse(current) }),
  present: apiTokenOf,
  withChange: (_before, after, { scope }) => [admitToken(scope, apiTokenOf(after), digestOf(after))],
  withDelete: async (item) => [revokeToken(digestOf(item))],
};

/** A new token: 32 random bytes behind `gsm_`, answered this once. */
export const createApiToken = (context: EntityContext, call: Creation<ApiTokenInput>): Promise<Answer> => {
  const secret = `gsm_${newSecret()}`;
  const secretSha256 = sha256(secret);
  const created: EntityModule<ApiTokenInput> = {
    ...apiToken,
    store: async (input: ApiTokenInput, given: Given) => ({ ...input, ...given, secretSha256 }),
    withCreate: (row, { scope }) => [admitToken(scope, apiTokenOf(row), secretSha256)],
  };
  return createEntity(created, context, call, async (row, answer) => ({
    ...answer,
    body: { ...apiTokenOf(row), secret },
    secret: true,
  }));
};
