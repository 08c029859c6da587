import * as z from 'zod';
import { buildVmSchema, type Run, runStatusSchema } from '../shared/contracts/entities/run.ts';
import { type EventModule, SOURCE } from './event.ts';

const schema = z.object({
  workspaceId: z.string(),
  runId: z.string(),
  imageDefinitionId: z.string(),
  imageName: z.string(),
  number: z.int(),
  status: runStatusSchema,
  /** Of two events of one run the one with the higher `rev` is the newer. */
  rev: z.int(),
  endedAt: z.string().optional(),
  /** How many resources are left, and how many of each kind. */
  count: z.int(),
  kinds: z.record(z.string(), z.int()),
  buildVm: buildVmSchema.optional(),
  /** The request that deletes them; with `?dryRun=true` it only says what it would delete. */
  remove: z.object({ method: z.literal('DELETE'), path: z.string() }),
});

type Subject = { workspaceId: string; run: Run; kinds: Record<string, number> };

/** A run ended a day ago or longer, and what it made for a while is still in the customer's account. */
export const runLeftoversRemain: EventModule<typeof schema, Subject> = {
  detailTypes: ['run.leftovers-remain'],
  schema,
  build: ({ workspaceId, run, kinds }) => ({
    Source: SOURCE,
    DetailType: 'run.leftovers-remain',
    Detail: JSON.stringify(
      schema.parse({
        ...run,
        workspaceId,
        runId: run.id,
        count: run.leftovers.count,
        kinds,
        remove: {
          method: 'DELETE',
          path: `/v1/workspaces/${workspaceId}/runs/${run.id}/leftovers?dryRun=false`,
        },
      }),
    ),
  }),
  parse: (detail) => schema.parse(detail),
};
