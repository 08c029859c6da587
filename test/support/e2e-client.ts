/** The stack that end-to-end tests and measurements talk to, and its HTTP API as one client sees it. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';

const stackSchema = z.object({
  apiUrl: z.url(),
  workspaceId: z.string(),
  token: z.string(),
  awsEndpoint: z.url(),
  ec2Endpoint: z.url(),
  region: z.string(),
});
export type StackUnderTest = z.infer<typeof stackSchema> & {
  /** Folder of the stack: state, logs. */
  home: string;
};

/** The stack that all tests of a vitest run share; outside of vitest there is none. */
const shared: StackUnderTest | undefined =
  process.env['VITEST'] === undefined ? undefined : (await import('vitest')).inject('localStack');

/**
 * The running stack: the one that GOLDSMITH_LOCAL_JSON describes, the one that the tests share, or the checkout's own. A file
 * is read anew each time, because its token is renewed.
 */
export const localStack = (): StackUnderTest => {
  const named = process.env['GOLDSMITH_LOCAL_JSON'];
  if (named === undefined && shared !== undefined) return shared;
  const file = named ?? resolve(import.meta.dirname, '../../.goldsmith/local.json');
  return { ...stackSchema.parse(JSON.parse(readFileSync(file, 'utf8'))), home: dirname(file) };
};

export type Answer = { status: number; body: unknown; headers: Headers };

/** Longer than any answer may take: API Gateway gives up after 30 s. */
const PATIENCE_MS = 35_000;

/** One request to the API; `path` is below the workspace. Answers whatever came, refusals too. */
export const request = async (method: string, path: string, body?: unknown): Promise<Answer> => {
  const { apiUrl, workspaceId, token } = localStack();
  const response = await fetch(`${apiUrl}/v1/workspaces/${workspaceId}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
    headers: response.headers,
  };
};

const demand = async <T extends z.ZodType>(
  schema: T,
  method: string,
  path: string,
  body?: unknown,
): Promise<z.infer<T>> => {
  const answer = await request(method, path, body);
  if (answer.status >= 300) {
    throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  return schema.parse(answer.body);
};

/** Reads. Throws when the API refuses or its answer is not what the contract says. */
export const get = <T extends z.ZodType>(path: string, schema: T) => demand(schema, 'GET', path);
/** Creates or acts. Throws as `get`. */
export const post = <T extends z.ZodType>(path: string, schema: T, body?: unknown) =>
  demand(schema, 'POST', path, body);
