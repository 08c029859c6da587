import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { sha256 } from '../../domain/sha256.ts';
import { expiryIn } from '../../store/clock.ts';
import { idempotencyKeyOf } from '../../store/keys.ts';
import type { Table } from '../../store/table.ts';
import type { WorkspaceScope } from '../../store/workspace-scope.ts';
import type { Write } from '../../store/write.ts';
import type { Principal } from './authenticate.ts';
import type { Answer } from './operation.ts';
import { ApiProblem } from './problem.ts';

/** How long an answer is kept (api.md): 24 hours. */
const KEEP_SECONDS = 86_400;

const rowSchema = z.object({
  bodyHmac: z.string().optional(),
  /** Of a row of the first version, instead of the keyed one. */
  bodySha256: z.string().optional(),
  secret: z.boolean(),
  answer: z.object({
    status: z.int(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.unknown().optional(),
  }),
  expiresAt: z.number(),
});

export type Request = {
  key: string;
  principal: Principal;
  scope: WorkspaceScope | undefined;
  path: string;
  body: unknown;
  status: number;
};

/**
 * The answers that were given to idempotency keys. The row is written by the operation's own transaction.
 */
export const idempotency = (table: Table, request: Request) => {
  const digest = sha256(JSON.stringify([request.principal.id, request.path, request.key]));
  const key = idempotencyKeyOf(request.scope, request.principal.id, digest);
  // Keyed with what the row does not hold, so that nobody who reads it can try out a secret that stood in the body.
  const body = JSON.stringify(request.body ?? null);
  const bodyHmac = createHmac('sha256', request.key).update(body).digest('hex');
  const isOfThisBody = (row: z.infer<typeof rowSchema>): boolean =>
    row.bodyHmac === undefined ? row.bodySha256 === sha256(body) : row.bodyHmac === bodyHmac;
  /** When the row that lies there expired: the table removes such a row days later, until then it is written over. */
  let expiredAt: number | undefined;

  return {
    /** The first answer, if there was one. Throws when the key came with another body or the answer held a secret. */
    earlier: async (): Promise<Answer | undefined> => {
      const item = await table.get(key);
      const row = item === undefined ? undefined : rowSchema.parse(item);
      if (row === undefined) return undefined;
      if (row.expiresAt <= table.clock.now() / 1000) {
        expiredAt = row.expiresAt;
        return undefined;
      }
      if (!isOfThisBody(row)) {
        throw new ApiProblem('idempotency-mismatch', 'This Idempotency-Key was used with another body.');
      }
      if (row.secret) throw new ApiProblem('already-answered', 'The secret was shown once.');
      return row.answer;
    },

    remember: (answer: Answer, options = { secret: false }): Write[] => {
      const kept = { status: answer.status ?? request.status, headers: answer.headers, body: answer.body };
      const row = {
        row: 'idempotency' as const,
        bodyHmac,
        secret: options.secret,
        answer: options.secret ? { status: kept.status } : kept,
        expiresAt: expiryIn(table.clock, KEEP_SECONDS),
      };
      const guard = expiredAt === undefined ? { exists: false } : { equals: { expiresAt: expiredAt } };
      return [{ put: { ...key, ...row }, if: guard }];
    },
  };
};
