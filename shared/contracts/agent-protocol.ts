import * as z from 'zod';
import { plainText, timestamp } from './common.ts';
import { logLineSchema, MAX_LINE_BYTES } from './entities/log.ts';
import { buildVmSchema } from './entities/run.ts';

/**
 * What a runner and the agent API say to each other, the same in CodeBuild and under a connector.
 * Paths are below `/v1/agent/workspaces/{workspaceId}/runs/{runId}`. `claim` is called with the one-time token as
 * bearer, everything after it with the `leaseToken` that the claim answered. 409 `lease-lost`: another runner has
 * the run, or it has ended: stop working. 409 `out-of-order`: go on at `expectedSeq`.
 */

/** A temporary resource that the build made, as read from Packer's output. */
export const temporaryResourceSchema = z.object({ kind: z.string(), id: z.string() });
export type TemporaryResource = z.infer<typeof temporaryResourceSchema>;

const stepEventSchema = z.object({
  index: z.int().min(1),
  status: z.enum(['running', 'succeeded', 'failed', 'skipped']),
  at: timestamp,
});
export type StepEvent = z.infer<typeof stepEventSchema>;

/** What changed since the last message; absent when nothing did. */
export const progressSchema = z.object({
  steps: z.array(stepEventSchema).max(500).optional(),
  buildVm: buildVmSchema.optional(),
  temporaries: z.array(temporaryResourceSchema).max(100).optional(),
  /** Packer is about to build. A runner says so, and waits for the answer, before it starts Packer. */
  packerStarts: z.literal(true).optional(),
});
export type Progress = z.infer<typeof progressSchema>;

/** What the clock of the API shows: the deadline is told by it, and a runner's own clock may be wrong (F39). */
const serverTime = timestamp.optional();

/** `runnerId` is made by each runner process; a claim repeated with the same one is answered again. */
export const claimRequestSchema = z.object({
  runnerId: z.string().min(16).max(64),
  runnerVersion: z.string().max(64),
  packerVersion: z.string().max(64),
  hostname: z.string().max(255),
  /** CodeBuild's name of the build that the runner is in. */
  buildId: z.string().max(255).optional(),
});
export type ClaimRequest = z.infer<typeof claimRequestSchema>;

/** What a silent Packer is allowed: after so long without a line of its output it is warned of, then ended. */
export const silenceLimitsSchema = z.object({
  warnAfterSeconds: z.number().positive(),
  endAfterSeconds: z.number().positive(),
});
export type SilenceLimits = z.infer<typeof silenceLimitsSchema>;

/**
 * A quarter of an hour is worth a look. Six hours are longer than the longest silent wait of our templates, four hours
 * for an AMI (docs/adr/0010-time-limits.md).
 */
export const DEFAULT_SILENCE: SilenceLimits = { warnAfterSeconds: 15 * 60, endAfterSeconds: 6 * 3600 };

export const claimAnswerSchema = z.object({
  leaseToken: z.string(),
  nextSeq: z.int().min(1),
  heartbeatSeconds: z.number().positive(),
  chunkIntervalMilliseconds: z.int().min(0),
  stop: z.boolean(),
  deadlineAt: timestamp,
  now: serverTime,
  silence: silenceLimitsSchema.default(DEFAULT_SILENCE),
  bundle: z.object({ url: z.string(), sha256: z.string() }),
  /** Where each file of the bundle's `downloads` is fetched from, by its `downloadKey`; good for an hour. */
  downloads: z.record(z.string(), z.string()).default({}),
  /** Values of the template's variables, by name; they go to Packer as PKR_VAR_… and nowhere else. */
  variables: z.record(z.string(), z.string()),
  /** Further values that must never leave the machine in a log line. */
  redact: z.array(z.string()),
  /**
   * `aws`: Packer gets its credentials from the runner's loopback endpoint, which asks `credentials`. `identity`: it
   * gets tokens that say who this deployment is from there, which asks `identity-token`.
   */
  credentials: z.enum(['aws', 'identity', 'none']),
});
export type ClaimAnswer = z.infer<typeof claimAnswerSchema>;

/** Most lines and characters of one chunk: an item of the table holds 400 KB. */
export const MAX_CHUNK_LINES = 500;
export const MAX_CHUNK_CHARACTERS = 100_000;

const sentLineSchema = logLineSchema.extend({
  text: plainText(MAX_LINE_BYTES).refine(
    (text) => new TextEncoder().encode(text).length <= MAX_LINE_BYTES,
    `is longer than ${MAX_LINE_BYTES} bytes`,
  ),
});

export const chunkRequestSchema = z.object({
  lines: z
    .array(sentLineSchema)
    .min(1)
    .max(MAX_CHUNK_LINES)
    .refine(
      (lines) => lines.reduce((sum, { text }) => sum + text.length, 0) <= MAX_CHUNK_CHARACTERS,
      `more than ${MAX_CHUNK_CHARACTERS} characters`,
    ),
  progress: progressSchema.optional(),
});
export type ChunkRequest = z.infer<typeof chunkRequestSchema>;

export const heartbeatRequestSchema = z.object({ progress: progressSchema.optional() });
export type HeartbeatRequest = z.infer<typeof heartbeatRequestSchema>;

/** Answer to a chunk and to a heartbeat. */
export const standingSchema = z.object({
  stop: z.boolean(),
  nextSeq: z.int(),
  deadlineAt: timestamp,
  now: serverTime,
});
export type Standing = z.infer<typeof standingSchema>;

/** Answer of `credentials`, in the words of the AWS SDKs' container credential endpoint. */
export const vendedCredentialsSchema = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  Token: z.string().optional(),
  Expiration: timestamp.optional(),
});
export type VendedCredentials = z.infer<typeof vendedCredentialsSchema>;

/** Answer of `identity-token`: a JWT that says who this deployment is, for the one connection of the run. */
export const identityTokenSchema = z.object({ token: z.string(), expiresAt: timestamp.optional() });
export type IdentityToken = z.infer<typeof identityTokenSchema>;

/** Most files of one artifact that are told of, and the longest path of one (Linux: PATH_MAX). */
export const MAX_ARTIFACT_FILES = 100;
export const MAX_ARTIFACT_PATH = 4096;

/** What Packer made. `files` are on the runner's own machine: some builders make files and nothing with an id. */
export const artifactSchema = z.object({
  builderId: z.string(),
  id: z.string(),
  description: z.string(),
  files: z.array(z.string().max(MAX_ARTIFACT_PATH)).max(MAX_ARTIFACT_FILES).optional(),
});
export type PackerArtifact = z.infer<typeof artifactSchema>;

/** Most bytes of one secret of a login: KMS seals 4096 in one call; a key of RSA with 4096 bits has 3,300 as PEM. */
export const MAX_LOGIN_SECRET_BYTES = 4096;

const loginSecret = z
  .string()
  .min(1)
  .max(MAX_LOGIN_SECRET_BYTES)
  .refine(
    (value) => value.isWellFormed() && new TextEncoder().encode(value).length <= MAX_LOGIN_SECRET_BYTES,
    `is longer than ${MAX_LOGIN_SECRET_BYTES} bytes`,
  );

/** How to log in to the build VM, as Packer did. `host` and `port` are where Packer's machine reached it. */
export const vmLoginSchema = z.object({
  communicator: z.enum(['ssh', 'winrm']),
  user: z.string().min(1).max(255),
  host: z.string().min(1).max(255).optional(),
  port: z.int().min(1).max(65_535).optional(),
  privateKey: loginSecret.optional(),
  password: loginSecret.optional(),
});
export type VmLogin = z.infer<typeof vmLoginSchema>;

/**
 * How the build ended; saying it again, also after the run has ended, is answered 200. `errors` are lines that tell of errors, in
 * order, at most 50: what the failure is classified from.
 */
export const completionSchema = z.object({
  outcome: z.enum(['succeeded', 'failed', 'stopped', 'timed-out']),
  exitCode: z.int().nullable(),
  artifacts: z.array(artifactSchema).max(20),
  errors: z.array(z.object({ seq: z.int(), step: z.int().nullable(), text: z.string() })).max(50),
  temporaries: z.array(temporaryResourceSchema).max(100),
  lastSeq: z.int(),
  progress: progressSchema.optional(),
  /** Of a build that was stopped, whose VM stays. */
  login: vmLoginSchema.optional(),
});
export type Completion = z.infer<typeof completionSchema>;
