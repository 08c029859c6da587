/** What a route answers, good and bad, in the words of OpenAPI. */
import type { OpenAPIRegistry, ResponseConfig, RouteConfig } from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import { type ProblemCode, problemCodes } from '../../shared/contracts/problem.ts';
import { queryOf, type Route } from '../../shared/contracts/routes/route.ts';

/** Every answer of a route by its status. */
export function answersOf(route: Route, isConditional: boolean): RouteConfig['responses'] {
  return { ...goodAnswers(route), ...problemReferences(problemStatusesOf(route, isConditional)) };
}

/** Whether the answer has an `ETag`. */
export function isTagged({ response }: Route): boolean {
  return response !== undefined && hasRevision(response);
}

function hasRevision(schema: unknown): boolean {
  if (schema instanceof z.ZodObject) return 'rev' in schema.shape;
  return schema instanceof z.ZodDiscriminatedUnion && schema.options.every(hasRevision);
}

function goodAnswers(route: Route): Record<string, ResponseConfig> {
  const answers = Map.groupBy([route, ...(route.otherAnswers ?? [])], ({ status }) => status);
  return Object.fromEntries(
    [...answers].map(([status, alternatives]) => {
      const headers = answerHeaders(route, status);
      const content = Object.fromEntries(
        alternatives.flatMap(({ response, contentType = 'application/json' }) =>
          response === undefined ? [] : [[contentType, { schema: response }]],
        ),
      );
      return [
        status,
        {
          description: alternatives.map(({ summary }) => summary).join('. '),
          ...(Object.keys(content).length > 0 && { content }),
          ...(Object.keys(headers).length > 0 && { headers: z.object(headers) }),
        },
      ];
    }),
  );
}

function answerHeaders(route: Route, status: number): Record<string, z.ZodType> {
  const location = z.string().optional().meta({ description: 'Path of what was created' });
  const target = z.string().meta({ description: 'Where to go on' });
  const etag = z.string().optional().meta({ description: "The entity's revision, for `If-Match`" });
  const isText = route.otherAnswers?.some(({ contentType }) => contentType === 'text/plain') === true;
  const link = z.string().optional().meta({ description: 'Of text: where it goes on, `rel="next"`' });
  return {
    ...(status === route.status && route.located === true && { Location: location }),
    ...(status === 302 && { Location: target }),
    ...(status === route.status && isTagged(route) && { ETag: etag }),
    ...(status === 200 && isText && { Link: link }),
  };
}

/** The statuses of the problems that a route can answer with, beside those of every route. */
function problemStatusesOf(route: Route, isConditional: boolean): number[] {
  const found: ProblemCode[] = ['busy', 'internal'];
  if (route.role !== 'public') found.push('no-token');
  if (route.path.includes('{')) found.push('not-found');
  if (route.path.includes('{workspaceId}') || route.onlyPeople === true) found.push('role-too-small');
  if (queryOf(route) !== undefined) found.push('bad-query');
  if (route.body !== undefined) {
    found.push('unsupported-media-type', 'too-large', 'not-json', 'invalid-body');
  }
  if (isConditional) found.push('precondition-failed');
  if (route.method !== 'GET') found.push('in-use');
  return [...new Set(found.map((code) => problemCodes[code].status))].sort((a, b) => a - b);
}

const problemName = (status: number) => `Problem${status}`;

function problemReferences(statuses: number[]): Record<string, { $ref: string }> {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${problemName(status)}` }]),
  );
}

/** Headers of problems by their status. */
const problemHeaders: Record<number, [name: string, description: string]> = {
  401: ['WWW-Authenticate', '`Bearer`'],
  405: ['Allow', 'The methods that the path has'],
  429: ['Retry-After', 'Seconds to wait before the next try'],
};

/** One shared answer for each status that a problem can have, which lists the codes with that status. */
export function registerProblems(registry: OpenAPIRegistry): void {
  const byStatus = Map.groupBy(Object.entries(problemCodes), ([, { status }]) => status);
  for (const [status, problems] of byStatus) {
    const [name, description] = problemHeaders[status] ?? [];
    registry.registerComponent('responses', problemName(status), {
      description: problems.map(([code, { title }]) => `\`${code}\`: ${title}`).join('. '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      ...(name !== undefined && { headers: { [name]: { description, schema: { type: 'string' } } } }),
    });
  }
}
