/** The public API as an OpenAPI 3.1 document, derived from the route list: nothing here repeats a route. */
import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { MAX_BODY_BYTES, MAX_DEPTH, MAX_ERRORS, MAX_MEMBERS } from '../../shared/contracts/limits.ts';
import { problemSchema } from '../../shared/contracts/problem.ts';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';
import { answersOf, isTagged, registerProblems } from './answers.ts';
import { requestOf } from './request.ts';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const SECURITY_SCHEME = 'bearer';

const DESCRIPTION = `Builds, numbers and retires golden machine images.

Only the \`status\` of a run is a closed list: every other list of values may grow. Errors are problems (RFC 9457) that
name each wrong field, at most ${MAX_ERRORS} of them; nothing is stored on any error.

A body is JSON in UTF-8, also when it comes without a Content-Type; a Content-Encoding is not taken. It has at most
${MAX_BODY_BYTES} bytes, ${MAX_DEPTH} levels and ${MAX_MEMBERS} members in a list or object; no text in it holds NUL, no field is called
\`__proto__\`. Of a key that stands in an object twice the last one counts. Unknown and read-only fields are refused.

An operation that takes a query refuses parameters that it does not know, and numbers that are not plain decimal digits;
one that takes none ignores whatever stands there.

A name is unique per kind and workspace without regard to case and to compatible forms of Unicode.`;

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
    info: { title: 'Goldsmith', version: 'v1', description: DESCRIPTION },
    // Relative: the document is served by the deployment it describes.
    servers: [{ url: '/' }],
    tags: [
      { name: 'public', description: 'What needs no token' },
      { name: 'access', description: 'Who you are, workspaces and tokens' },
      { name: 'definitions', description: 'What a team describes an image with' },
      { name: 'runs', description: 'Runs, their logs and leftovers, and the image versions they made' },
    ],
  });
}

function operationOf(operationId: string, route: Route): RouteConfig {
  return {
    operationId,
    method: methods[route.method],
    path: route.path,
    tags: [route.area],
    summary: route.summary,
    description: whoMay(route),
    security: route.role === 'public' ? [] : [{ [SECURITY_SCHEME]: [] }],
    request: requestOf(route, isConditional(route)),
    responses: answersOf(route, isConditional(route)),
  };
}

const methods = { GET: 'get', POST: 'post', DELETE: 'delete', PATCH: 'patch', PUT: 'put' } as const;

function whoMay({ role, onlyPeople, orSelf }: Route): string {
  if (role === 'public') return 'Needs no token.';
  const people = onlyPeople === true ? ' No API token may.' : '';
  if (role === 'signed-in') return `Needs any valid token.${people}`;
  const self = orSelf === undefined ? '' : ' A person may about themselves, whatever their role is.';
  return `Needs the role \`${role}\` or one that includes it.${people}${self}`;
}

/** Whether `If-Match` is heeded: a change or delete of what is read at the same path with an `ETag`. */
function isConditional({ method, path }: Route): boolean {
  if (method === 'GET' || method === 'POST') return false;
  const read = Object.values<Route>(routes).find((one) => one.method === 'GET' && one.path === path);
  return read !== undefined && isTagged(read);
}
