import * as z from 'zod';
import { type Asking, basesOf, readDefinitions } from '../../../../shared/actions/read-layers.ts';
import { operatingSystemSchema } from '../../../../shared/contracts/entities/operating-system.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';

/** Most images that may lie on top of each other; each costs two reads when what they lie on is saved. */
const MAX_LAYERS = 10;

const standingSchema = z.object({ operatingSystemId: z.string() });
const imagesSchema = operatingSystemSchema.pick({ id: true, images: true });

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
