/**
 * A build as AWS describes it, and how it moves from phase to phase. Pure: the time is a parameter.
 * Times are seconds since 1970 with fractions, as in the JSON protocol.
 */
import { z } from 'zod';

const phaseTypes = [
  'SUBMITTED',
  'QUEUED',
  'PROVISIONING',
  'DOWNLOAD_SOURCE',
  'INSTALL',
  'PRE_BUILD',
  'BUILD',
  'POST_BUILD',
  'UPLOAD_ARTIFACTS',
  'FINALIZING',
  'COMPLETED',
] as const;
const endStatuses = ['SUCCEEDED', 'FAILED', 'FAULT', 'TIMED_OUT', 'STOPPED'] as const;

export type PhaseType = (typeof phaseTypes)[number];
export type EndStatus = (typeof endStatuses)[number];

const contextSchema = z.object({ statusCode: z.string(), message: z.string() });
/** Why a phase ended as it did. */
export type PhaseContext = z.infer<typeof contextSchema>;

const phaseSchema = z.object({
  phaseType: z.enum(phaseTypes),
  phaseStatus: z.enum(endStatuses).optional(),
  startTime: z.number(),
  endTime: z.number().optional(),
  durationInSeconds: z.number().optional(),
  contexts: z.array(contextSchema).optional(),
});

export const variableSchema = z.object({
  name: z.string(),
  value: z.string(),
  type: z.enum(['PLAINTEXT', 'PARAMETER_STORE', 'SECRETS_MANAGER']).default('PLAINTEXT'),
});
export type Variable = z.infer<typeof variableSchema>;

const sourceSchema = z.object({
  type: z.string(),
  location: z.string().optional(),
  buildspec: z.string().optional(),
});
export type Source = z.infer<typeof sourceSchema>;

export const buildSchema = z.object({
  id: z.string(),
  arn: z.string(),
  buildNumber: z.number(),
  projectName: z.string(),
  startTime: z.number(),
  endTime: z.number().optional(),
  currentPhase: z.enum(phaseTypes),
  buildStatus: z.enum([...endStatuses, 'IN_PROGRESS']),
  buildComplete: z.boolean(),
  phases: z.array(phaseSchema),
  source: sourceSchema,
  artifacts: z.object({ location: z.string() }),
  environment: z.object({
    type: z.string(),
    image: z.string(),
    computeType: z.string(),
    environmentVariables: z.array(variableSchema),
    privilegedMode: z.boolean(),
  }),
  serviceRole: z.string(),
  logs: z.object({ groupName: z.string(), streamName: z.string(), deepLink: z.string() }),
  timeoutInMinutes: z.number(),
  queuedTimeoutInMinutes: z.number(),
  initiator: z.string(),
});
export type Build = z.infer<typeof buildSchema>;

/** Opens a phase; the one before must have been closed. */
export function openPhase(build: Build, phaseType: PhaseType, now: number): void {
  build.phases.push({ phaseType, startTime: now });
  build.currentPhase = phaseType;
}

/** Closes the open phase, if there is one. */
export function closePhase(build: Build, status: EndStatus, now: number, context?: PhaseContext): void {
  const phase = build.phases.at(-1);
  if (phase === undefined || phase.phaseStatus !== undefined) return;
  phase.phaseStatus = status;
  phase.endTime = now;
  // AWS counts whole seconds.
  phase.durationInSeconds = Math.round(now - phase.startTime);
  if (context !== undefined) phase.contexts = [context];
}

/** Ends the build: the open phase takes the same status, COMPLETED follows. */
export function completeBuild(build: Build, status: EndStatus, now: number, context?: PhaseContext): void {
  closePhase(build, status, now, context);
  openPhase(build, 'COMPLETED', now);
  build.buildStatus = status;
  build.buildComplete = true;
  build.endTime = now;
}

/**
 * The command phase after `phase`, or undefined when the artifacts are next (`UPLOAD_ARTIFACTS`) or the
 * end (`FINALIZING`). A failed INSTALL or PRE_BUILD leads to the end; after BUILD comes POST_BUILD either
 * way ("Build phase transitions" in the user guide); `on-failure` overrules both.
 */
export function phaseAfter(
  phase: 'INSTALL' | 'PRE_BUILD' | 'BUILD' | 'POST_BUILD',
  hasFailed: boolean,
  onFailure: 'ABORT' | 'CONTINUE' | undefined,
): PhaseType {
  const following = { INSTALL: 'PRE_BUILD', PRE_BUILD: 'BUILD', BUILD: 'POST_BUILD' } as const;
  const isForgiving = phase === 'BUILD' || phase === 'POST_BUILD';
  if (hasFailed && (onFailure === 'ABORT' || (onFailure === undefined && !isForgiving))) return 'FINALIZING';
  return phase === 'POST_BUILD' ? 'UPLOAD_ARTIFACTS' : following[phase];
}
