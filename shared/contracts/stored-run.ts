import * as z from 'zod';
import { completionSchema, temporaryResourceSchema, vmLoginSchema } from './agent-protocol.ts';
import { idOf, timestamp } from './common.ts';
import { baseImageSchema, locatorSchema } from './entities/image-version.ts';
import { failureSchema, runSchema, stepSchema } from './entities/run.ts';
import { secretStored } from './secret.ts';

/** A run as it lies in the table: what a client reads and what the engine needs. */
export const storedRunSchema = z.object({
  schemaVersion: z.literal(1),
  ...runSchema.pick({
    id: true,
    imageDefinitionId: true,
    number: true,
    status: true,
    phase: true,
    statusReason: true,
    pool: true,
    trigger: true,
    createdAt: true,
    startedAt: true,
    endedAt: true,
    stopRequestedAt: true,
    buildVm: true,
    failure: true,
    rev: true,
  }).shape,
  attempt: z.int().min(1).default(1),
  workspaceId: idOf('workspace'),
  /** The definition's name when the run was accepted, without the version suffix. */
  imageName: z.string(),
  operatingSystem: z.object({ id: z.string(), name: z.string() }),
  steps: z.array(stepSchema),
  stopRequestedBy: z.string().optional(),
  imageVersionId: z.string().optional(),
  locators: z.array(locatorSchema).optional(),
  leftoverCount: z.int(),

  snapshotSha256: z.string(),
  timeoutSeconds: z.int(),
  deadlineAt: timestamp.optional(),
  slots: z.object({ workspace: z.int(), pool: z.int() }).optional(),
  executionArn: z.string().optional(),
  baseImage: baseImageSchema.optional(),
  /** Versions of Packer's plugins by their names, and the connection that the run builds with. */
  plugins: z.record(z.string(), z.string()).optional(),
  connectionId: z.string().optional(),
  /** Where the build VM stands and who to log in as, known before it exists. */
  buildSite: z.object({ user: z.string(), region: z.string().optional() }).optional(),
  bundle: z.object({ key: z.string(), sha256: z.string() }).optional(),
  taskToken: z.string().optional(),
  /** When the reconciler first found that no state waits for that token. */
  deafSince: timestamp.optional(),
  buildId: z.string().optional(),
  /** When to start the build (again), unless its runner is heard of before; and how often it was tried. */
  startAgainAt: timestamp.optional(),
  startTries: z.int().optional(),
  /** From here on another build could make another image: there is none but this one. */
  packerStartedAt: timestamp.optional(),
  /** When the build of a run that ended without its runner's word was told to end as well. */
  buildStoppedAt: timestamp.optional(),
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
  /** When what a failed run may have left behind was looked for and deleted. */
  sweptAt: timestamp.optional(),
  /** When the leftovers of a stopped run were looked for again, and when its people were reminded of them last. */
  lookedAgainAt: timestamp.optional(),
  remindedAt: timestamp.optional(),
  /** How many of each kind were left then. */
  leftoverKinds: z.record(z.string(), z.int()).optional(),
  /** When somebody asked to delete what is left, until that is done or given up. */
  deletionAskedAt: timestamp.optional(),
  /** When the sweep of a failed run was given up; what it could not delete is on record. */
  sweepGivenUpAt: timestamp.optional(),
  temporaries: z.array(temporaryResourceSchema).optional(),
  /** Without the login: that is in `vmLogin`, sealed. */
  completion: completionSchema.omit({ login: true }).optional(),
  /** How to log in to the kept build VM, until somebody was told; never shown otherwise. And when that was. */
  vmLogin: z
    .object({
      ...vmLoginSchema.shape,
      privateKey: secretStored.optional(),
      password: secretStored.optional(),
    })
    .optional(),
  vmLoginGivenAt: timestamp.optional(),
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
