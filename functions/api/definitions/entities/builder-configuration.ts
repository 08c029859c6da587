import type * as z from 'zod';
import {
  type builderConfigurationInput,
  builderConfigurationSchema,
} from '../../../../shared/contracts/entities/builder-configuration.ts';
import type { EntityModule } from '../entity.ts';

/** Where and with what VM an image is built. */
export const builderConfiguration: EntityModule<z.output<typeof builderConfigurationInput>> = {
  kind: 'builder-configuration',
  references: (input) => [{ pointer: '/connectionId', kind: 'connection', id: input.connectionId }],
  rules: (input, referred) => {
    const found = referred.get(input.connectionId);
    if (found === undefined || found['platform'] === input.platform) return [];
    const detail = `is a connection of ${String(found['platform'])}, the builder is of ${input.platform}`;
    return [{ pointer: '/connectionId', code: 'platform-mismatch', detail }];
  },
  present: (item) => builderConfigurationSchema.parse(item),
  matches: (item, query) => query['platform'] === undefined || item['platform'] === query['platform'],
};
