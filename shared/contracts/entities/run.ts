import * as z from 'zod';
import { idOf, timestamp } from '../common.ts';
import { locatorSchema } from './image-version.ts';

/** The only list of values that is closed for ever. */
export const runStatusSchema = z.enum(['Queued', 'Running', 'Succeeded', 'Failed', 'Stopped']);
export type RunStatus = z.infer<typeof runStatusSchema>;

export const runPhaseSchema = z.enum([
  'queued',
  'starting',
  'provisioning',
  'building',
  'stopping',
  'verifying',
  'finishing',
  'finished',
]);

export const failureCategorySchema = z.enum([
  'connection',
  'provisioner',
  'builder-configuration',
  'operating-system',
  'capacity',
  'timeout',
  'platform',
]);
export type FailureCategory = z.infer<typeof failureCategorySchema>;

/** Why a run failed. `logSeq` is the first line that explains it; `step` is the name of the step it broke in. */
export const failureSchema = z.object({
  errorId: z.string(),
  category: failureCategorySchema,
  step: z.string().nullable(),
  message: z.string(),
  logSeq: z.int().nullable(),
  exitCode: z.int().nullable(),
  remedy: z.string(),
});
export type Failure = z.infer<typeof failureSchema>;

export const stepSchema = z.object({
  index: z.int().min(1),
  name: z.string(),
  status: z.enum(['pending', 'running', 'succeeded', 'failed', 'skipped']),
  startedAt: timestamp.optional(),
  durationSeconds: z.number().min(0).optional().meta({ description: 'whole seconds' }),
});
export type RunStep = z.infer<typeof stepSchema>;

/** The temporary machine of a build: how to find it and who to log in as. */
export const buildVmSchema = z.object({
  kind: z.string(),
  locator: z.string(),
  region: z.string().optional(),
  address: z.string().optional(),
  user: z.string().optional(),
});
export type BuildVm = z.infer<typeof buildVmSchema>;

export const triggerSchema = z.object({ type: z.enum(['manual', 'api-token', 'schedule']), by: z.string() });
export type RunTrigger = z.infer<typeof triggerSchema>;

export const runSchema = z
  .object({
    id: idOf('run'),
    imageDefinitionId: idOf('image-definition'),
    imageName: z.string(),
    number: z.int().min(1),
    attempt: z
      .int()
      .min(1)
      .meta({ description: '2: the first build was lost before it reached Packer, and another was started' }),
    status: runStatusSchema,
    phase: runPhaseSchema,
    statusReason: z.string().optional(),
    pool: z.object({ kind: z.enum(['cloud', 'connector']), id: z.string() }),
    queue: z.object({ position: z.int().min(1), reason: z.string() }).optional(),
    trigger: triggerSchema,
    parentRunId: idOf('run').optional(),
    createdAt: timestamp,
    startedAt: timestamp.optional(),
    endedAt: timestamp.optional(),
    durationSeconds: z.int().min(0).optional(),
    operatingSystem: z.object({ id: idOf('operating-system'), name: z.string() }),
    provisionerCount: z.int(),
    steps: z.array(stepSchema).optional(),
    currentStep: stepSchema.optional(),
    stopRequestedAt: timestamp.optional(),
    buildVm: buildVmSchema.optional(),
    failure: failureSchema.optional(),
    image: z
      .object({ versionId: idOf('image-version'), name: z.string(), locators: z.array(locatorSchema) })
      .optional(),
    leftovers: z.object({ count: z.int() }),
    rev: z.int(),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof runSchema>;

/** What a run made for a while and left behind. */
export const leftoverSchema = z
  .object({
    id: idOf('leftover'),
    kind: z.string(),
    locator: z.string(),
    createdAt: timestamp,
    state: z.enum(['kept', 'deleting', 'deleted']),
    stateAt: timestamp.optional().meta({ description: 'Since when it is in this state' }),
    detail: z.string().optional().meta({ description: 'Why it could not be deleted at the last try' }),
  })
  .meta({ id: 'Leftover' });
export type Leftover = z.infer<typeof leftoverSchema>;
