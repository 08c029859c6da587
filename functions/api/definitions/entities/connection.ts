import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import {
  type ConnectionInput,
  connectionInput,
  connectionSchema,
} from '../../../../shared/contracts/entities/connection.ts';
import type { EntityModule, Given } from '../../../../shared/runtime/entities/module.ts';
import { hideSecrets } from '../../../../shared/runtime/entities/secrets.ts';
import type { Item } from '../../../../shared/store/table.ts';

const madeSchema = z.object({ externalId: z.string() });

/** The external id of a role is ours to make, since a customer's own could be guessed, and stays as long as the role is used. */
const store = async (input: ConnectionInput, given: Given, _context: unknown, current?: Item) => {
  if (input.platform !== 'aws' || input.settings.auth.type !== 'role') return { ...input, ...given };
  const externalId = madeSchema.safeParse(current).data?.externalId ?? randomUUID();
  return { ...input, ...given, externalId };
};

/** How to reach a cloud account. */
export const connection: EntityModule<ConnectionInput> = {
  kind: 'connection',
  input: connectionInput,
  references: () => [],
  store,
  present: (item) => connectionSchema.parse(hideSecrets(item)),
};
