import * as z from 'zod';

/** Where the deployment itself carries out runs; the stage's settings say which pools there are. */
export const runnerPoolSchema = z
  .object({
    id: z.string(),
    maxConcurrentRuns: z.int().min(1),
    vpc: z
      .object({
        vpcId: z.string(),
        subnetIds: z.array(z.string()),
        securityGroupIds: z.array(z.string()),
      })
      .optional()
      .meta({ description: 'The network that its runners stand in; none: the internet only' }),
  })
  .meta({ id: 'RunnerPool' });
export type RunnerPool = z.infer<typeof runnerPoolSchema>;

export const runnerPoolListSchema = z
  .object({ items: z.array(runnerPoolSchema) })
  .meta({ id: 'RunnerPoolList' });
