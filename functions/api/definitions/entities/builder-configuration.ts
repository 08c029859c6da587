import type * as z from 'zod';
import {
  builderConfigurationInput,
  builderConfigurationSchema,
} from '../../../../shared/contracts/entities/builder-configuration.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import { samePlatform } from '../../../../shared/domain/definition/platform.ts';
import { noSuchPool } from '../../../../shared/domain/definition/runner-pool.ts';
import type { Item } from '../../../../shared/store/table.ts';
import type { EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { hideSecrets } from '../../../../shared/runtime/entities/secrets.ts';

type Input = z.output<typeof builderConfigurationInput>;

const foreignConnection = (input: Input, referred: Map<string, Item>, current?: Item): FieldError[] => {
  if (current?.['connectionId'] === input.connectionId && current['platform'] === input.platform) return [];
  const found = referred.get(input.connectionId);
  if (found === undefined || found['platform'] === input.platform) return [];
  const detail = `is a connection of ${String(found['platform'])}, the builder is of ${input.platform}`;
  return [{ pointer: '/connectionId', code: 'platform-mismatch', detail }];
};

/** Where and with what VM an image is built. */
export const builderConfiguration: EntityModule<Input> = {
  kind: 'builder-configuration',
  input: builderConfigurationInput,
  references: ({ connectionId, connectorId }) => [
    { pointer: '/connectionId', kind: 'connection', id: connectionId },
    ...(connectorId === undefined
      ? []
      : [{ pointer: '/connectorId', kind: 'connector' as const, id: connectorId }]),
  ],
  rules: (input, referred, _, current) => [
    ...foreignConnection(input, referred, current),
    ...samePlatform('builder configuration', input, current),
  ],
  present: (item) => builderConfigurationSchema.parse(hideSecrets(item)),
  matches: (item, query) => query['platform'] === undefined || item['platform'] === query['platform'],
};

/** The same in a deployment that has these runner pools: a builder names one of them or none. */
export const builderConfigurationIn = (poolIds: string[]): EntityModule<Input> => ({
  ...builderConfiguration,
  rules: async (input, referred, context, current) => [
    ...((await builderConfiguration.rules?.(input, referred, context, current)) ?? []),
    ...(current !== undefined && current['runnerPoolId'] === input.runnerPoolId
      ? []
      : noSuchPool(input.runnerPoolId, poolIds)),
  ],
});
