import * as z from 'zod';
import { packerGenerationSchema } from '../bundle.ts';
import { runnerPools } from './runner-pools.ts';

/**
 * Environment of each function: the CDK construct's `environment` has this type and the function parses with it.
 * A value is the name or address of a resource, never a secret.
 */
const core = { CORE_TABLE: z.string() };
const traffic = { TRAFFIC_TABLE: z.string() };
const runsBucket = { RUNS_BUCKET: z.string() };
const resourcesBucket = { RESOURCES_BUCKET: z.string() };
const socketPush = { SOCKET_CALLBACK_URL: z.url() };
const secrets = { SECRETS_KEY_ARN: z.string() };
const deployment = { DEPLOYMENT_ID: z.string() };
/** ARN of the role whose identity the deployment has elsewhere; empty: it has none. */
const identity = { IDENTITY_ROLE_ARN: z.string() };
/** What a task of the run engine works with. */
const engine = { ...core, ...traffic, ...runsBucket, ...secrets, ...socketPush, ...deployment, ...identity };
const authentication = {
  TOKEN_ISSUER: z.string(),
  JWKS_URI: z.url(),
  TOKEN_CLIENT_ID: z.string(),
};
/** What customers' roles are told to trust: the deployment's account, and which of its roles. */
const trust = {
  TRUST_PRINCIPAL_ARN: z.string(),
  TRUST_ROLE_PATTERN: z.string(),
  /** URL of the issuer of its identity tokens, and who they say it is; empty: it has none. */
  IDENTITY_ISSUER: z.string(),
  IDENTITY_SUBJECT: z.string(),
};
/** How many runs at a time each pool and each workspace may have. */
const limits = { ...runnerPools, WORKSPACE_LIMIT: z.coerce.number().int().min(1) };

export const functionEnvironments = {
  'api/public': z.object({}),
  'api/access': z.object({
    ...core,
    ...traffic,
    ...authentication,
    ...runnerPools,
    SOCKET_URL: z.string(),
    WORKSPACE_LIMIT: limits.WORKSPACE_LIMIT,
  }),
  'api/definitions': z.object({
    ...core,
    ...authentication,
    ...secrets,
    ...resourcesBucket,
    ...runnerPools,
    ...trust,
  }),
  'api/runs': z.object({ ...core, ...traffic, ...authentication, ...runsBucket, ...limits }),
  'api/platforms': z.object({
    ...core,
    ...authentication,
    ...runsBucket,
    ...resourcesBucket,
    ...secrets,
    ...deployment,
    ...identity,
    PACKER_GENERATION: packerGenerationSchema,
  }),
  'agent-api': z.object({
    ...engine,
    ...resourcesBucket,
    HEARTBEAT_SECONDS: z.coerce.number(),
    CHUNK_INTERVAL_MILLISECONDS: z.coerce.number().int(),
  }),
  'workflow/prepare': z.object({ ...engine, ...resourcesBucket, PACKER_GENERATION: packerGenerationSchema }),
  'workflow/start-build': z.object({
    ...core,
    ...runnerPools,
    ...deployment,
    API_URL: z.url(),
  }),
  'workflow/verify': z.object(engine),
  'workflow/finish': z.object(engine),
  'events/publish-changes': z.object({
    ...traffic,
    ...resourcesBucket,
    ...socketPush,
    DISPATCH_QUEUE_URL: z.string(),
    LEFTOVERS_QUEUE_URL: z.string(),
    REMOVALS_QUEUE_URL: z.string(),
    POISON_QUEUE_URL: z.string(),
    EVENT_BUS_NAME: z.string(),
  }),
  'events/dispatch-runs': z.object({
    ...core,
    ...traffic,
    ...socketPush,
    ...limits,
    DISPATCH_QUEUE_URL: z.string(),
    STATE_MACHINE_ARN: z.string(),
  }),
  'events/remove-leftovers': z.object({
    ...core,
    ...runsBucket,
    ...secrets,
    ...deployment,
    ...identity,
  }),
  'events/remove-workspaces': z.object({
    ...core,
    ...traffic,
    ...runsBucket,
    ...resourcesBucket,
    REMOVALS_QUEUE_URL: z.string(),
  }),
  'jobs/reconcile': z.object({
    ...engine,
    ...runnerPools,
    API_URL: z.url(),
    DISPATCH_QUEUE_URL: z.string(),
    LEFTOVERS_QUEUE_URL: z.string(),
    REMOVALS_QUEUE_URL: z.string(),
    STATE_MACHINE_ARN: z.string(),
  }),
  'socket/connect': z.object({ ...traffic }),
  'socket/disconnect': z.object({ ...traffic }),
  'socket/message': z.object({ ...core, ...traffic, ...socketPush }),
} as const satisfies Record<string, z.ZodObject>;

/** Name of a deployed function: its folder below `functions/`. */
export type FunctionName = keyof typeof functionEnvironments;
export type EnvironmentOf<F extends FunctionName> = z.infer<(typeof functionEnvironments)[F]>;
/** The same as the construct gives it: every value is text. */
export type EnvironmentInput<F extends FunctionName> = Record<keyof EnvironmentOf<F>, string>;
