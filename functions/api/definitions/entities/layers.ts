import * as z from 'zod';
import {
  type OperatingSystem,
  operatingSystemSchema,
  type OsImage,
} from '../../../../shared/contracts/entities/operating-system.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import type { Layers } from '../../../../shared/domain/definition/fit.ts';
import type { EntityContext } from '../../../../shared/runtime/entities/module.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';

/** Most images that may lie on top of each other; each costs two reads when what they lie on is saved. */
const MAX_LAYERS = 10;

type Asking = Pick<EntityContext, 'table' | 'scope'>;
const standingSchema = z.object({ operatingSystemId: z.string() });
const imagesSchema = operatingSystemSchema.pick({ id: true, images: true });

/** The definitions whose images an operating system starts from. */
export const basesOf = (images: readonly OsImage[]): string[] =>
  images.flatMap((image) => (image.type === 'image-definition' ? [image.imageDefinitionId] : []));

const readDefinitions = ({ table, scope }: Asking, ids: string[], only: string[]) =>
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

/**
 * Why images must not start from those of these definitions: `savedId`, an operating system or a definition, would
 * start from itself, or too many lie on top of each other. Undefined when all is well.
 */
export const layerFault = async (
  asking: Asking,
  definitionIds: string[],
  savedId: string | undefined,
): Promise<Pick<FieldError, 'code' | 'detail'> | undefined> => {
  const seen = new Set<string>();
  let wanted = [...new Set(definitionIds)];
  for (let layer = 1; wanted.length > 0; layer += 1) {
    if (layer > MAX_LAYERS)
      return { code: 'too-many-layers', detail: `has more than ${MAX_LAYERS} images on top of each other` };
    const systemIds = await systemsOf(asking, wanted);
    if (savedId !== undefined && (wanted.includes(savedId) || systemIds.includes(savedId)))
      return { code: 'circular-reference', detail: 'would be built on its own image' };
    for (const id of wanted) seen.add(id);
    wanted = (await basesOfSystems(asking, systemIds)).filter((id) => !seen.has(id));
  }
  return undefined;
};

const systemsOf = async (asking: Asking, definitionIds: string[]): Promise<string[]> => {
  const rows = await readDefinitions(asking, definitionIds, ['operatingSystemId']);
  return [...new Set(rows.map((row) => standingSchema.parse(row).operatingSystemId))];
};

const basesOfSystems = async ({ table, scope }: Asking, ids: string[]): Promise<string[]> => {
  const rows = await entityStore(table, scope).getAll(
    ids.map((id) => ({ kind: 'operating-system' as const, id })),
    ['id', 'images'],
  );
  return [...new Set(rows.flatMap((row) => basesOf(imagesSchema.parse(row).images)))];
};
