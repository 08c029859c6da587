import { randomUUID } from 'node:crypto';
import { type ConnectionInput, connectionSchema } from '../../../../shared/contracts/entities/connection.ts';
import type { EntityContext, EntityModule, Given } from '../entity.ts';
import { hideSecrets, sealSecret } from '../secrets.ts';

const store = async (input: ConnectionInput, given: Given, context: EntityContext) => {
  const { auth } = input.settings;
  if (auth.type === 'role') return { ...input, ...given, externalId: randomUUID() };
  const pointer = '/settings/auth/secretAccessKey';
  const secretAccessKey = await sealSecret(auth.secretAccessKey, pointer, given, context);
  return { ...input, ...given, settings: { ...input.settings, auth: { ...auth, secretAccessKey } } };
};

/** How to reach a cloud account. The external id of a role is ours to make: a customer's own could be guessed. */
export const connection: EntityModule<ConnectionInput> = {
  kind: 'connection',
  references: () => [],
  store,
  present: (item) => connectionSchema.parse(hideSecrets(item)),
};
