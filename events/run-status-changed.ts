import * as z from 'zod';
import { failureSchema, type Run, runStatusSchema } from '../shared/contracts/entities/run.ts';
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
  failure: failureSchema.optional(),
});

const detailTypes = {
  Queued: 'run.queued',
  Running: 'run.started',
  Succeeded: 'run.succeeded',
  Failed: 'run.failed',
  Stopped: 'run.stopped',
} as const;

/** A run entered a status. */
export const runStatusChanged: EventModule<typeof schema, { workspaceId: string; run: Run }> = {
  detailTypes: Object.values(detailTypes),
  schema,
  build: ({ workspaceId, run }) => ({
    Source: SOURCE,
    DetailType: detailTypes[run.status],
    Detail: JSON.stringify(schema.parse({ ...run, workspaceId, runId: run.id })),
  }),
  parse: (detail) => schema.parse(detail),
};
