import type * as z from 'zod';
import type { ListQuery } from '../../../shared/contracts/common.ts';
import {
  type ApiToken,
  type apiTokenInput,
  apiTokenSchema,
} from '../../../shared/contracts/entities/workspace.ts';
import { sha256 } from '../../../shared/domain/sha256.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { pageOf, positionIn } from '../../../shared/runtime/api/paging.ts';
import { brokenRules } from '../../../shared/runtime/api/problem.ts';
import { newId, newSecret, now } from '../../../shared/runtime/ids.ts';
import { apiTokenStore } from '../../../shared/store/api-token-store.ts';
import { matches } from '../../../shared/store/entity-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Write } from '../../../shared/store/write.ts';

type Creation = {
  scope: WorkspaceScope;
  body: z.output<typeof apiTokenInput>;
  principal: Principal;
  path: string;
  remember: (answer: Answer, options: { secret: boolean }) => Write[];
};

/** A new API token: 32 random bytes behind `gsm_`. Only their SHA-256 is stored; the secret is answered once. */
export const createApiToken = async (table: Table, call: Creation): Promise<Answer> => {
  const { body } = call;
  const time = now();
  if (body.expiresAt <= time) {
    throw brokenRules([{ pointer: '/expiresAt', code: 'in-the-past', detail: 'must lie in the future' }]);
  }
  const token: ApiToken = { id: newId('api-token'), ...body, createdAt: time, createdBy: call.principal.id };
  const secret = `gsm_${newSecret()}`;
  const answer = { headers: { location: `${call.path}/${token.id}` }, body: { ...token, secret } };
  await apiTokenStore(table).create(
    call.scope,
    token,
    sha256(secret),
    call.remember(answer, { secret: true }),
  );
  return answer;
};

/** The tokens of the workspace, newest first, without their secrets. */
export const listApiTokens = async (
  table: Table,
  call: { scope: WorkspaceScope; path: string; query: ListQuery },
): Promise<Answer> => {
  const before = positionIn(call.path, call.query.cursor);
  const tokens = (await apiTokenStore(table).list(call.scope))
    .filter((token) => before === undefined || token.id < before)
    .filter((token) => matches({ name: token.name, tags: {} }, call.query))
    .map((token) => apiTokenSchema.parse(token));
  const page = tokens.slice(0, call.query.limit + 1);
  return { body: pageOf(page, call.query.limit, call.path, (token) => token.id) };
};
