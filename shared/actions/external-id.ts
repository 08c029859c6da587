import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { ConnectionInput } from '../contracts/entities/connection.ts';

const madeSchema = z.object({ externalId: z.string() });

/**
 * What the server adds to a connection: the external id of an AWS role is ours to make, since a customer's own could
 * be guessed, and stays as long as the role is used. `current` is the row before a change.
 */
export const externalIdOf = (input: ConnectionInput, current?: unknown): { externalId?: string } => {
  if (input.platform !== 'aws' || input.settings.auth.type !== 'role') return {};
  return { externalId: madeSchema.safeParse(current).data?.externalId ?? randomUUID() };
};
