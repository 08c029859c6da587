import type { BuilderConfiguration } from '../../contracts/entities/builder-configuration.ts';
import type { ImageDefinition } from '../../contracts/entities/image-definition.ts';
import type { FieldError } from '../../contracts/problem.ts';
import type { StoredRun } from '../../contracts/stored-run.ts';
import { connectorOf } from '../definition/fit.ts';

type Parts = { definition: ImageDefinition; builder: BuilderConfiguration };

/**
 * Where a run executes: its connector (S35), else the pool that its builder names, else the first of the deployment's
 * pools. A pool that the deployment no longer has is an obstacle: another one may not reach what the build needs.
 */
export const poolOf = (
  { definition, builder }: Parts,
  poolIds: string[],
): { pool: StoredRun['pool'] } | { obstacle: FieldError } => {
  const connectorId = connectorOf(definition, builder);
  if (connectorId !== undefined) return { pool: { kind: 'connector', id: connectorId } };
  const [first] = poolIds;
  const id = builder.runnerPoolId ?? first;
  if (id !== undefined && poolIds.includes(id)) return { pool: { kind: 'cloud', id } };
  const detail = `its runner pool ${id ?? ''} is none of this deployment, which has ${poolIds.join(', ')}`;
  return { obstacle: { pointer: '/builderConfigurationId', code: 'missing-reference', detail } };
};
