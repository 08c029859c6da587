import * as z from 'zod';
import { runnerPoolSchema } from '../entities/runner-pool.ts';

/** A pool of the deployment as its functions know it: also which CodeBuild project carries out its builds. */
export const ownPoolSchema = runnerPoolSchema.extend({ project: z.string() });
export type OwnPool = z.infer<typeof ownPoolSchema>;

/** JSON: the pools in which the deployment itself carries out runs. */
export const runnerPools = {
  RUNNER_POOLS: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.issues.push({ code: 'custom', message: 'is no JSON', input: text });
        return z.NEVER;
      }
    })
    .pipe(z.array(ownPoolSchema).min(1)),
};

/** The project of a pool by the pool's id. */
export const projectIn =
  (pools: OwnPool[]) =>
  (poolId: string): string | undefined =>
    pools.find(({ id }) => id === poolId)?.project;
