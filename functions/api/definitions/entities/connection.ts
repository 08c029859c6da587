import { externalIdOf } from '../../../../shared/actions/external-id.ts';
import {
  type ConnectionInput,
  connectionInput,
  connectionSchema,
} from '../../../../shared/contracts/entities/connection.ts';
import type { EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { hideSecrets } from '../../../../shared/runtime/entities/secrets.ts';

/** How to reach a cloud account. */
export const connection: EntityModule<ConnectionInput> = {
  kind: 'connection',
  input: connectionInput,
  references: () => [],
  store: async (input, given, _context, current) => ({ ...input, ...given, ...externalIdOf(input, current) }),
  present: (item) => connectionSchema.parse(hideSecrets(item)),
};
