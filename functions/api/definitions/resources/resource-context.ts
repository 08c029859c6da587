import { type ResourceStored, resourceStored } from '../../../../shared/contracts/entities/resource.ts';
import { audited } from '../../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../../shared/runtime/api/authenticate.ts';
import { demandEntity } from '../../../../shared/runtime/entities/change.ts';
import type { EntityContext } from '../../../../shared/runtime/entities/module.ts';
import { now } from '../../../../shared/runtime/ids.ts';
import { entityStore, type StoredEntity } from '../../../../shared/store/entity-store.ts';
import type { ResourceFiles } from '../../../../shared/store/resource-files.ts';
import type { Item } from '../../../../shared/store/table.ts';
import type { Write } from '../../../../shared/store/write.ts';
import { resource } from '../entities/resource.ts';

/** What operations on resources work with, beside what all entities do. */
export type ResourceContext = EntityContext & { files: ResourceFiles };

/** A resource with the row that it was read from. */
export type Read = { row: StoredEntity; stored: ResourceStored };

/** Reads a resource of this workspace. Throws 404. */
export const readResource = async (context: EntityContext, id: string): Promise<Read> => {
  const row = await demandEntity(resource, context, id);
  return { row, stored: resourceStored.parse(row) };
};

/** The row with other versions, as it will be written. */
export const nextRow = (
  { row }: Read,
  after: Pick<ResourceStored, 'versions' | 'lastVersion'>,
): StoredEntity => ({
  ...row,
  versions: after.versions,
  lastVersion: after.lastVersion,
  updatedAt: now(),
  rev: row.rev + 1,
});

/** Writes a row under the revision of the one before, with its audit event. Throws EntityRefused when overtaken. */
export const writeVersions = (
  context: EntityContext,
  { row: before }: Read,
  after: StoredEntity,
  deed: { principal: Principal; version: Item; more: Write[] },
): Promise<void> =>
  entityStore(context.table, context.scope).change('resource', {
    before,
    after,
    references: [],
    more: [
      audited(context.scope, {
        principal: deed.principal,
        action: 'change',
        entity: { kind: 'resource', id: after.id, name: after.name },
        after: { version: deed.version },
      }),
      ...deed.more,
    ],
  });
