import * as z from 'zod';
import { type Run, type RunStep, stepSchema } from '../shared/contracts/entities/run.ts';
import { type EventModule, SOURCE } from './event.ts';

const schema = z.object({
  workspaceId: z.string(),
  runId: z.string(),
  imageDefinitionId: z.string(),
  imageName: z.string(),
  number: z.int(),
  /** Of two events of one run the one with the higher `rev` is the newer; of equal ones the order says nothing. */
  rev: z.int(),
  step: stepSchema,
});

/** A step of a run began or ended. */
export const runStepChanged: EventModule<typeof schema, { workspaceId: string; run: Run; step: RunStep }> = {
  detailTypes: ['run.step-changed'],
  schema,
  build: ({ workspaceId, run, step }) => ({
    Source: SOURCE,
    DetailType: 'run.step-changed',
    Detail: JSON.stringify(schema.parse({ ...run, workspaceId, runId: run.id, step })),
  }),
  parse: (detail) => schema.parse(detail),
};
