import { z } from 'zod';
import { completionSchema, temporaryResourceSchema } from './agent-protocol.ts';
import { idOf, timestamp } from './common.ts';
import { baseImageSchema, locatorSchema } from './entities/image-version.ts';
import {
  buildVmSchema,
  failureSchema,
  runPhaseSchema,
  runStatusSchema,
  stepSchema,
  triggerSchema,
} from './entities/run.ts';

/** A run as it lies in the table: what a client reads and what the engine needs. */
export const storedRunSchema = z.object({
  schemaVersion: z.literal(1),
  id: idOf('run'),
  workspaceId: idOf('workspace'),
  imageDefinitionId: idOf('image-definition'),
  imageName: z.string(),
  number: z.int().min(1),
  status: runStatusSchema,
  phase: runPhaseSchema,
  statusReason: z.string().optional(),
  pool: z.object({ kind: z.enum(['cloud', 'connector']), id: z.string() }),
  queueReason: z.string().optional(),
  trigger: triggerSchema,
  createdAt: timestamp,
  startedAt: timestamp.optional(),
  endedAt: timestamp.optional(),
  operatingSystem: z.object({ id: z.string(), name: z.string() }),
  steps: z.array(stepSchema),
  stopRequestedAt: timestamp.optional(),
  stopRequestedBy: z.string().optional(),
  buildVm: buildVmSchema.optional(),
  failure: failureSchema.optional(),
  imageVersionId: z.string().optional(),
  locators: z.array(locatorSchema).optional(),
  leftoverCount: z.int(),
  rev: z.int(),

  snapshotSha256: z.string(),
  timeoutSeconds: z.int(),
  deadlineAt: timestamp.optional(),
  slots: z.object({ workspace: z.int(), pool: z.int() }).optional(),
  executionArn: z.string().optional(),
  baseImage: baseImageSchema.optional(),
  /** Who to log in to the build VM as. */
  loginUser: z.string().optional(),
  bundle: z.object({ key: z.string(), sha256: z.string() }).optional(),
  taskToken: z.string().optional(),
  buildId: z.string().optional(),
  /** SHA-256 of the one-time token that one runner may claim the run with, and until when. */
  claim: z.object({ tokenSha256: z.string(), until: timestamp }).optional(),
  lease: z
    .object({
      tokenSha256: z.string(),
      runnerId: z.string(),
      runnerVersion: z.string(),
      packerVersion: z.string(),
      claimedAt: timestamp,
      lastHeardAt: timestamp,
    })
    .optional(),
  temporaries: z.array(temporaryResourceSchema).optional(),
  completion: completionSchema.optional(),
  /** Set by the first task that knows how the run must end; Finish carries it out. */
  verdict: z
    .discriminatedUnion('outcome', [
      z.object({ outcome: z.literal('succeeded') }),
      z.object({ outcome: z.literal('stopped') }),
      z.object({ outcome: z.literal('failed'), failure: failureSchema }),
    ])
    .optional(),
});
export type StoredRun = z.infer<typeof storedRunSchema>;
export type Verdict = NonNullable<StoredRun['verdict']>;
