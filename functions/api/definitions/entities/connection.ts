import * as z from 'zod';
import { externalIdOf } from '../../../../shared/actions/external-id.ts';
import {
  type ConnectionInput,
  connectionInput,
  connectionSchema,
} from '../../../../shared/contracts/entities/connection.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import { samePlatform } from '../../../../shared/domain/definition/platform.ts';
import type { EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { hideSecrets, keptSecrets } from '../../../../shared/runtime/entities/secrets.ts';
import type { Item } from '../../../../shared/store/table.ts';

const serverSchema = z.object({ settings: z.object({ server: z.string() }) });
const serverOf = (connection: unknown): string | undefined =>
  serverSchema.safeParse(connection).data?.settings.server;

/** A stored password goes to the server that it was written for, and to no other that an editor may name later. */
const keptElsewhere = (input: ConnectionInput, current: Item | undefined): FieldError[] => {
  if (current === undefined || serverOf(input) === serverOf(current)) return [];
  const detail = 'is sent to another server than it was written for: send {"value": "…"}';
  return keptSecrets(input).map((pointer) => ({ pointer, code: 'secret-needed', detail }));
};

/** How to reach a cloud account or a hypervisor. */
export const connection: EntityModule<ConnectionInput> = {
  kind: 'connection',
  input: connectionInput,
  references: () => [],
  rules: (input, _referred, _context, current) => [
    ...samePlatform('connection', input, current),
    ...keptElsewhere(input, current),
  ],
  store: async (input, given, _context, current) => ({ ...input, ...given, ...externalIdOf(input, current) }),
  present: (item) => connectionSchema.parse(hideSecrets(item)),
};
