import { type RunnerPool, runnerPoolSchema } from '../../../shared/contracts/entities/runner-pool.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';

/** Where the deployment carries out runs, and how many at a time. */
export const listRunnerPools = async (pools: RunnerPool[]): Promise<Answer> => ({
  body: { items: pools.map((pool) => runnerPoolSchema.parse(pool)) },
});
