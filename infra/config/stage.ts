/** What distinguishes one deployment from another. Everything else about Goldsmith is the same everywhere. */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';
import { packerGenerationSchema } from '../../shared/contracts/bundle.ts';
import { type FunctionName, functionEnvironments } from '../../shared/contracts/env/index.ts';
import { packerReleaseSchema } from './packer-release.ts';
import { type PoolSettings, runnerPoolsSchema } from './runner-pools.ts';

const functionNameSchema = z.custom<FunctionName>((value) => String(value) in functionEnvironments);

/** Where the runner gets Packer from: the build machine has it, or it is downloaded and checked. */
const packerSchema = z.discriminatedUnion('source', [
  z.strictObject({ source: z.literal('system'), generation: packerGenerationSchema }),
  z.strictObject({
    source: z.literal('download'),
    generation: z.literal('modern'),
    ...packerReleaseSchema.shape,
  }),
]);
export type PackerSettings = z.infer<typeof packerSchema>;

const stageFields = z.strictObject({
  /** Part of the stacks' names and of the tag `goldsmith:deployment` on what runs make. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,15}$/, 'lower-case letters, digits and hyphens, at most 16'),
  /** What happens to tables, bucket, key and user pool when their stack is deleted. */
  dataOnDelete: z.enum(['retain', 'destroy']),
  /** Builds at a time in the pool `cloud`, of a stage that says nothing else of pools. */
  poolLimit: z.int().min(1).optional(),
  /** Where runs execute; the first one is for builders that name none. Default: one pool `cloud`. */
  runnerPools: runnerPoolsSchema.optional(),
  /** Runs at a time of a workspace that asks for nothing else. */
  workspaceLimit: z.int().min(1).default(20),
  /** Off by default: a new account has too little concurrency to reserve any. */
  reservedConcurrency: z.partialRecord(functionNameSchema, z.int().min(1)).default({}),
  logRetentionDays: z.enum(RetentionDays),
  packer: packerSchema,
  /** How often a silent runner says that it is alive; a chunk of log lines counts as well. */
  heartbeatSeconds: z.number().min(1).max(60),
  /** Shortest time between two chunks of log lines of one run. */
  chunkIntervalMilliseconds: z.int().min(50).max(10_000),
  /** CodeBuild's machine. Packer is a client of cloud APIs: the smallest one does. */
  buildCompute: z.enum(['small', 'medium', 'large']).default('small'),
  /** CodeBuild ends a build after it; 2,160 minutes (36 h) is the most that CodeBuild allows. */
  buildTimeoutMinutes: z.int().min(5).max(2160).default(2160),
  /** How people sign in with a browser; `localhost` is for a client that is being developed. */
  signIn: z
    .strictObject({
      /** Of the address of Cognito's pages. Default: `goldsmith-STAGE-ACCOUNT`. */
      domainPrefix: z
        .string()
        .regex(/^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
        .optional(),
      callbackUrls: z.array(z.url()).min(1).default(['http://localhost:5173/']),
      logoutUrls: z.array(z.url()).min(1).default(['http://localhost:5173/']),
      /** Whether anybody may make an account. They are in no workspace but can make one of their own. */
      selfSignUp: z.boolean().default(false),
    })
    .prefault({}),
  /** Browser origins that may call the API. */
  corsOrigins: z.array(z.union([z.literal('*'), z.url()])).default([]),
  /**
   * URL of the account's issuer of identity tokens, as `aws iam enable-outbound-web-identity-federation` answers it:
   * connections to Azure and Google Cloud can then do without stored keys. Default: they cannot.
   */
  identityIssuer: z.url({ protocol: /^https$/ }).optional(),
  /** Only on one machine: where the emulator answers instead of AWS. */
  local: z.strictObject({ endpoint: z.url({ protocol: /^http$/ }) }).optional(),
});

export const stageSchema = stageFields.refine(
  ({ poolLimit, runnerPools }) => poolLimit === undefined || runnerPools === undefined,
  { path: ['poolLimit'], error: 'is of a stage without runnerPools: those say their own maxConcurrentRuns' },
);
export type Stage = z.infer<typeof stageSchema>;
/** A stage as it is written down: what has a default may be left out. */
export type StageInput = z.input<typeof stageSchema>;

/** The pool of a stage that names none. */
export const CLOUD_POOL = 'cloud';
/** A new AWS account often has a quota of one concurrent build. */
const DEFAULT_POOL_LIMIT = 1;

/** The pools of a stage, the one for builders that name none first. */
export const poolsOf = ({ runnerPools, poolLimit = DEFAULT_POOL_LIMIT }: Stage): PoolSettings[] =>
  runnerPools ?? [{ id: CLOUD_POOL, maxConcurrentRuns: poolLimit }];
