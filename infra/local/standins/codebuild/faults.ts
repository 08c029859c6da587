/**
 * What goes wrong with builds on AWS and never does on one machine: a test asks for it at the stand-in's own address,
 * by paths that AWS does not have. Nothing else reaches them: the stand-in listens on loopback, and no client of
 * CodeBuild sends anything but POST to `/`.
 */
import { z } from 'zod';
import type { BuildHost, HeldPhase } from './build-host.ts';
import { InvalidInputError } from './errors.ts';
import type { Ending } from './run-build.ts';

/** Builds that reach this phase get no further, until they are ended or stopped. */
const holdSchema: z.ZodType<{ phase: HeldPhase }> = z.strictObject({
  phase: z.enum(['QUEUED', 'PROVISIONING']).nullable(),
});

/** A build ends as if CodeBuild itself had ended it: the phase that it is in gets the same status. */
const endSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['SUCCEEDED', 'FAILED', 'FAULT', 'TIMED_OUT']),
});

const CONTEXTS = {
  SUCCEEDED: undefined,
  FAILED: { statusCode: 'COMMAND_EXECUTION_ERROR', message: 'The build was made to fail.' },
  FAULT: {
    statusCode: 'INTERNAL_SERVICE_ERROR',
    message: 'The build was made to meet a fault of the platform.',
  },
  TIMED_OUT: { statusCode: 'BUILD_TIMED_OUT', message: 'The build was made to time out.' },
} as const satisfies Record<z.infer<typeof endSchema>['status'], Ending['context']>;

const parse = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(z.prettifyError(parsed.error));
};

/** By path. */
export const FAULTS = new Map<string, (host: BuildHost, body: unknown) => Promise<unknown>>([
  ['/_goldsmith/hold', async (host, body) => host.hold(parse(holdSchema, body).phase)],
  [
    '/_goldsmith/end',
    async (host, body) => {
      const { id, status } = parse(endSchema, body);
      const context = CONTEXTS[status];
      return { build: await host.endAs(id, { status, ...(context !== undefined && { context }) }) };
    },
  ],
]);
