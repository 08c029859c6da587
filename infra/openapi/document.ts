/** The public API as an OpenAPI 3.1 document, derived from the route list: nothing here repeats a route. */
import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { type ProblemCode, problemCodes, problemSchema } from '../../shared/contracts/problem.ts';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const SECURITY_SCHEME = 'bearer';

/** Builds the document. Equal routes give an equal document: nothing depends on the time or the machine. */
export function openApiDocument(): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', SECURITY_SCHEME, {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token (JWT) of the user pool or an API token (gsm_…)',
  });
  registerProblems(registry);
  for (const [operationId, route] of Object.entries<Route>(routes)) {
    registry.registerPath(operationOf(operationId, route));
  }
  return new OpenApiGeneratorV31([
    { type: 'schema', schema: problemSchema },
    ...registry.definitions,
  ]).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Goldsmith',
      version: 'v1',
      description:
        'Builds, numbers and retires golden machine images. Only the `status` of a run is a closed list: ' +
        'every other list of values may grow. Errors are problems (RFC 9457); nothing is stored on any error.',
    },
    // Relative: the document is served by the deployment it describes.
    servers: [{ url: '/' }],
    tags: [
      { name: 'access', description: 'Who you are, workspaces, tokens, and what is public' },
      { name: 'definitions', description: 'What a team describes an image with' },
      { name: 'runs', description: 'Runs, their logs and leftovers, and the image versions they made' },
    ],
  });
}

function operationOf(operationId: string, route: Route): RouteConfig {
  return {
    operationId,
    method: lowerCase(route.method),
    path: route.path,
    tags: [route.area],
    summary: route.summary,
    description: whoMay(route),
    security: route.role === 'public' ? [] : [{ [SECURITY_SCHEME]: [] }],
    request: requestOf(route),
    responses: { [route.status]: goodAnswer(route), ...problemReferences(route) },
  };
}

const methods = { GET: 'get', POST: 'post', DELETE: 'delete', PATCH: 'patch', PUT: 'put' } as const;
const lowerCase = (method: Route['method']) => methods[method];

function whoMay({ role }: Route): string {
  if (role === 'public') return 'Needs no token.';
  if (role === 'signed-in') return 'Needs any valid token.';
  return `Needs the role \`${role}\` or one that includes it.`;
}

function requestOf(route: Route): RouteConfig['request'] {
  const names = [...route.path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? '');
  const headers = z.object(headersOf(route));
  return {
    ...(names.length > 0 && {
      params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
    }),
    ...(route.query instanceof z.ZodObject && { query: writtenQuery(route.query) }),
    ...(Object.keys(headers.shape).length > 0 && { headers }),
    ...(route.body !== undefined && {
      body: { required: !route.body.safeParse(undefined).success, content: jsonOf(route.body) },
    }),
  };
}

function headersOf({ method }: Route): Record<string, z.ZodType> {
  const headers: Record<string, z.ZodType> = {};
  if (method === 'POST') {
    headers['Idempotency-Key'] = z
      .string()
      .optional()
      .meta({
        description:
          'For 24 hours the same key and body give the first answer again; another body is 422 ' +
          '`idempotency-mismatch`; a first answer that held a secret is 409 `already-answered`.',
      });
  }
  if (method === 'PATCH') {
    headers['If-Match'] = z.string().optional().meta({
      description: 'The `ETag` that the change is based on; 412 when the entity has changed since.',
    });
  }
  return headers;
}

/** The query as a client writes it: `true` and `false` are booleans although the contract reads them as text. */
function writtenQuery(query: z.ZodObject<z.ZodRawShape>): z.ZodObject {
  const written: [string, z.core.$ZodType][] = Object.entries(query.shape).map(([name, schema]) => [
    name,
    writtenParameter(schema),
  ]);
  return z.object(Object.fromEntries(written));
}

function writtenParameter(schema: z.core.$ZodType): z.core.$ZodType {
  if (z.safeParse(schema, 'true').data !== true) return schema;
  const withoutIt = z.safeParse(schema, undefined).data;
  return typeof withoutIt === 'boolean' ? z.boolean().default(withoutIt) : z.boolean().optional();
}

function goodAnswer(route: Route): ResponseConfig {
  const content =
    route.response === undefined
      ? undefined
      : { [route.contentType ?? 'application/json']: { schema: route.response } };
  const headers = answerHeaders(route);
  return {
    description: route.summary,
    ...(content !== undefined && { content }),
    ...(Object.keys(headers).length > 0 && { headers: z.object(headers) }),
  };
}

function answerHeaders({ method, status, area, response }: Route): Record<string, z.ZodType> {
  const created = status === 201 || (status === 202 && method === 'POST');
  const location = z.string().optional().meta({ description: 'Path of what was created' });
  const target = z.string().meta({ description: 'Where to go on' });
  const etag = z.string().optional().meta({ description: "The entity's revision, for `If-Match`" });
  return {
    ...(created && { Location: location }),
    ...(status === 302 && { Location: target }),
    ...(area !== 'runs' && response !== undefined && hasRevision(response) && { ETag: etag }),
  };
}

function hasRevision(schema: unknown): boolean {
  if (schema instanceof z.ZodObject) return 'rev' in schema.shape;
  return schema instanceof z.ZodDiscriminatedUnion && schema.options.every(hasRevision);
}

/** The statuses of the problems that a route can answer with, beside those of every route. */
function problemStatusesOf(route: Route): number[] {
  const found: ProblemCode[] = ['busy', 'internal'];
  if (route.role !== 'public') found.push('no-token');
  if (route.path.includes('{workspaceId}')) found.push('not-found', 'role-too-small');
  if (route.query !== undefined) found.push('bad-query');
  if (route.body !== undefined) {
    found.push('unsupported-media-type', 'too-large', 'not-json', 'invalid-body');
  }
  if (route.method === 'PATCH') found.push('precondition-failed');
  if (route.method !== 'GET') found.push('in-use');
  return [...new Set(found.map((code) => problemCodes[code].status))].sort((a, b) => a - b);
}

const problemName = (status: number) => `Problem${status}`;

function problemReferences(route: Route): Record<string, { $ref: string }> {
  const references: Record<string, { $ref: string }> = {};
  for (const status of problemStatusesOf(route)) {
    references[status] = { $ref: `#/components/responses/${problemName(status)}` };
  }
  return references;
}

/** One shared answer for each status that a problem can have, which lists the codes with that status. */
function registerProblems(registry: OpenAPIRegistry): void {
  const byStatus = Map.groupBy(Object.entries(problemCodes), ([, { status }]) => status);
  for (const [status, problems] of byStatus) {
    registry.registerComponent('responses', problemName(status), {
      description: problems.map(([code, { title }]) => `\`${code}\`: ${title}`).join('. '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      ...(status === problemCodes.busy.status && {
        headers: {
          'Retry-After': { description: 'Seconds to wait before the next try', schema: { type: 'string' } },
        },
      }),
    });
  }
}

const jsonOf = (schema: z.ZodType) => ({ 'application/json': { schema } });
