import type { OperatingSystem, OsImage } from '../contracts/entities/operating-system.ts';
import type { SnapshotLayer } from '../contracts/snapshot.ts';
import type { Layers } from '../domain/definition/fit.ts';
import { entityStore } from '../store/entity-store.ts';
import { imageVersionStore } from '../store/image-version-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';

export type Asking = { table: Table; scope: WorkspaceScope };

/** The definitions whose images an operating system starts from. */
export const basesOf = (images: readonly OsImage[]): string[] =>
  images.flatMap((image) => (image.type === 'image-definition' ? [image.imageDefinitionId] : []));

export const readDefinitions = ({ table, scope }: Asking, ids: string[], only: string[]) =>
  entityStore(table, scope).getAll(
    ids.map((id) => ({ kind: 'image-definition' as const, id })),
    only,
  );

/** Platforms of the definitions that an operating system builds on: two reads, where it has such images. */
export const layersOf = async (
  operatingSystem: OperatingSystem | undefined,
  asking: Asking,
): Promise<Layers> => {
  const ids = basesOf(operatingSystem?.images ?? []);
  if (ids.length === 0) return new Map();
  const definitions = await readDefinitions(asking, ids, ['id', 'builderConfigurationId']);
  const builders = await entityStore(asking.table, asking.scope).getAll(
    definitions.map((one) => ({
      kind: 'builder-configuration',
      id: String(one['builderConfigurationId']),
    })),
    ['id', 'platform'],
  );
  const platforms = new Map(builders.map((one) => [one['id'], String(one['platform'])]));
  return new Map(
    definitions.flatMap((one): [string, string][] => {
      const platform = platforms.get(one['builderConfigurationId']);
      return platform === undefined ? [] : [[String(one['id']), platform]];
    }),
  );
};

/** The newest version of a definition that can be built on; undefined when it has none. */
export const readLayer = async (
  { table, scope }: Asking,
  imageDefinitionId: string,
): Promise<SnapshotLayer | undefined> => {
  const usable = await imageVersionStore(table, scope).latestUsable(imageDefinitionId);
  if (usable === undefined) return undefined;
  const { id, name, createdAt, locators } = usable;
  return { imageDefinitionId, imageVersionId: id, name, createdAt, locators };
};
