import type * as z from 'zod';
import {
  operatingSystemInput,
  operatingSystemSchema,
  referencesOfImages,
} from '../../../../shared/contracts/entities/operating-system.ts';
import type { EntityModule } from '../../../../shared/runtime/entities/module.ts';

/** A base image and where each platform finds it. */
export const operatingSystem: EntityModule<z.output<typeof operatingSystemInput>> = {
  kind: 'operating-system',
  input: operatingSystemInput,
  references: ({ images }) => referencesOfImages(images),
  present: (item) => operatingSystemSchema.parse(item),
  matches: (item, query) => query['family'] === undefined || item['family'] === query['family'],
};
