import type * as z from 'zod';
import {
  operatingSystemInput,
  operatingSystemSchema,
} from '../../../../shared/contracts/entities/operating-system.ts';
import type { EntityModule } from '../../../../shared/runtime/entities/module.ts';

/** A base image and where each platform finds it. */
export const operatingSystem: EntityModule<z.output<typeof operatingSystemInput>> = {
  kind: 'operating-system',
  input: operatingSystemInput,
  references: (input) =>
    input.images.flatMap((image, place) =>
      image.connectionId === undefined
        ? []
        : [{ pointer: `/images/${place}/connectionId`, kind: 'connection', id: image.connectionId }],
    ),
  present: (item) => operatingSystemSchema.parse(item),
  matches: (item, query) => query['family'] === undefined || item['family'] === query['family'],
};
