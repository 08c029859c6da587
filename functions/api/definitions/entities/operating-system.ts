import { basesOf } from '../../../../shared/actions/read-layers.ts';
import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import {
  operatingSystemInput,
  operatingSystemSchema,
  referencesOfImages,
} from '../../../../shared/contracts/entities/operating-system.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import type { EntityContext, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import type { Item } from '../../../../shared/store/table.ts';
import { layerFault } from './layers.ts';

type Input = z.output<typeof operatingSystemInput>;

/** A system must not start from an image that is built on it, through however many others. */
const circles = async (
  { images }: Input,
  _: Map<string, Item>,
  context: EntityContext,
  current?: Item,
): Promise<FieldError[]> => {
  const before = current && operatingSystemSchema.parse(current);
  const bases = basesOf(images);
  if (before !== undefined && isDeepStrictEqual(basesOf(before.images), bases)) return [];
  if ((await layerFault(context, bases, before?.id)) === undefined) return [];
  const faults = await Promise.all(
    images.map(async (image, at) => {
      const fault = await layerFault(context, basesOf([image]), before?.id);
      return fault === undefined ? [] : [{ pointer: `/images/${at}/imageDefinitionId`, ...fault }];
    }),
  );
  return faults.flat();
};

/** A base image and where each platform finds it. */
export const operatingSystem: EntityModule<Input> = {
  kind: 'operating-system',
  input: operatingSystemInput,
  references: ({ images }) => referencesOfImages(images),
  rules: circles,
  present: (item) => operatingSystemSchema.parse(item),
  matches: (item, query) => query['family'] === undefined || item['family'] === query['family'],
};
