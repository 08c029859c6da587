/** What a route is asked with, in the words of OpenAPI. */
import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import type { Route } from '../../shared/contracts/routes/route.ts';

/** Longest segment of a path that is looked at; longer ones are answered 404. */
const MAX_SEGMENT = 128;

const idempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .meta({
    description:
      'For 24 hours the same key and body give the first answer again; another body is 422 ' +
      '`idempotency-mismatch`; a first answer that held a secret is 409 `already-answered`.',
  });

const ifMatch = z.string().optional().meta({
  description: 'The `ETag` that this is based on; 412 when the entity has changed since.',
});

/** Parameters, headers and body of a route. */
export function requestOf(route: Route, isConditional: boolean): RouteConfig['request'] {
  const names = [...route.path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? '');
  const segment = z.string().min(1).max(MAX_SEGMENT);
  const headers = z.object({
    ...(route.method === 'POST' && { 'Idempotency-Key': idempotencyKey }),
    ...(isConditional && { 'If-Match': ifMatch }),
  });
  return {
    ...(names.length > 0 && { params: z.object(Object.fromEntries(names.map((name) => [name, segment]))) }),
    ...(route.query instanceof z.ZodObject && { query: writtenQuery(route.query) }),
    ...(Object.keys(headers.shape).length > 0 && { headers }),
    ...(route.body !== undefined && { body: bodyOf(route, route.body) }),
  };
}

function bodyOf({ method }: Route, schema: z.ZodType) {
  const content = { 'application/json': { schema } };
  return {
    required: !schema.safeParse(undefined).success,
    content: method === 'PATCH' ? { 'application/merge-patch+json': { schema }, ...content } : content,
  };
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
