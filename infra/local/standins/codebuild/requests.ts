/** The requests that are served. A field that is not listed is refused, never ignored in silence. */
import { z } from 'zod';
import { InvalidInputError } from './errors.ts';

/** Only plain values: nothing of Goldsmith puts secrets into a build's variables. */
const variableSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z_]\w*$/, 'is no name of a variable'),
  value: z.string(),
  type: z.literal('PLAINTEXT').default('PLAINTEXT'),
});

// Ranges as in the API reference of StartBuild.
const startBuildSchema = z.strictObject({
  projectName: z.string().min(1),
  environmentVariablesOverride: z.array(variableSchema).default([]),
  timeoutInMinutesOverride: z.number().int().min(5).max(2160).optional(),
  queuedTimeoutInMinutesOverride: z.number().int().min(5).max(480).optional(),
  buildspecOverride: z.string().optional(),
  idempotencyToken: z.string().min(1).optional(),
  /** A retry of CodeBuild's own is not served, so it may only be switched off. */
  autoRetryLimitOverride: z.literal(0).optional(),
});
export type StartBuildRequest = z.infer<typeof startBuildSchema>;

const buildIdSchema = z.string().regex(/^[^:]+:[^:]+$/, 'is no build id');

const stopBuildSchema = z.strictObject({ id: buildIdSchema });
const batchGetBuildsSchema = z.strictObject({ ids: z.array(z.string()).min(1).max(100) });
const listBuildsSchema = z.strictObject({
  projectName: z.string().min(1),
  sortOrder: z.enum(['ASCENDING', 'DESCENDING']).default('DESCENDING'),
  nextToken: z.string().optional(),
});
export type ListBuildsRequest = z.infer<typeof listBuildsSchema>;

/** @throws InvalidInputError */
export const parseStartBuild = (body: unknown): StartBuildRequest => parseRequest(startBuildSchema, body);
/** @throws InvalidInputError */
export const parseStopBuild = (body: unknown): { id: string } => parseRequest(stopBuildSchema, body);
/** @throws InvalidInputError */
export const parseBatchGetBuilds = (body: unknown): { ids: string[] } =>
  parseRequest(batchGetBuildsSchema, body);
/** @throws InvalidInputError */
export const parseListBuilds = (body: unknown): ListBuildsRequest => parseRequest(listBuildsSchema, body);

function parseRequest<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InvalidInputError(`Invalid input: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
}
