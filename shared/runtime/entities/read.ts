import type { Answer } from '../api/operation.ts';
import { etagOf } from '../api/precondition.ts';
import { demandEntity } from './change.ts';
import type { EntityContext, EntityModule } from './module.ts';

/** Read one. */
export const readEntity = async (
  module: Pick<EntityModule, 'kind' | 'present'>,
  context: EntityContext,
  id: string,
): Promise<Answer> => {
  const row = await demandEntity(module, context, id);
  return { headers: { etag: etagOf(row.rev) }, body: await module.present(row, context) };
};
