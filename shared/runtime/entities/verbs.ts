import type { ListQuery } from '../../contracts/common.ts';
import { writesAfter } from '../../store/table.ts';
import type { WorkspaceScope } from '../../store/workspace-scope.ts';
import { type Change, changeEntity } from './change.ts';
import { type Creation, createEntity } from './create.ts';
import { listEntities } from './list.ts';
import type { EntityContext, EntityInput, EntityModule } from './module.ts';
import { readEntity } from './read.ts';
import { type Removal, removeEntity } from './remove.ts';

type Scoped = { scope: WorkspaceScope };
type Granted = Scoped & { granted: Promise<void> };
type Listing = { query: ListQuery & Record<string, unknown>; path: string };

/** A stranger's request seals nothing: each sealing is a call that costs and is limited. */
const sealsAfter = (secrets: EntityContext['secrets'], granted: Promise<void>): EntityContext['secrets'] => ({
  seal: async (...secret) => {
    await granted;
    return secrets.seal(...secret);
  },
});

/** The five verbs of a kind. Those that write may begin early (see `Operation`): their writes and sealings wait for the grant. */
export const verbsOf = <I extends EntityInput>(
  module: EntityModule<I>,
  { table, secrets }: Pick<EntityContext, 'table' | 'secrets'>,
) => {
  const reading = ({ scope }: Scoped) => ({ table, secrets, scope });
  const writing = ({ scope, granted }: Granted) => ({
    table: writesAfter(table, granted),
    secrets: sealsAfter(secrets, granted),
    scope,
  });
  return {
    create: (call: Creation<I> & Granted) => createEntity(module, writing(call), call),
    list: (call: Listing & Scoped) => listEntities(module, reading(call), call),
    read: (call: { params: { id: string } } & Scoped) => readEntity(module, reading(call), call.params.id),
    change: (call: Change & Granted) => changeEntity(module, writing(call), call),
    remove: (call: Removal & Granted) => removeEntity(module, writing(call), call),
  };
};
