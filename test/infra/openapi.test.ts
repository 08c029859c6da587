import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '../../infra/openapi/document.ts';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';

const document = openApiDocument();
const operations = Object.entries<Route>(routes);

const operationSchema = z.object({
  operationId: z.string(),
  summary: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.object({ name: z.string(), in: z.string(), schema: z.unknown() })).default([]),
  responses: z.record(z.string(), z.unknown()),
});

const operationOf = ({ path, method }: Route) => {
  const verbs: Record<string, unknown> = { ...document.paths?.[path] };
  return operationSchema.parse(verbs[method.toLowerCase()]);
};

test('docs/openapi.json is what the routes give: else run npm run openapi', () => {
  const written = readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8');
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(document)));
});

test('the same routes give the same text', () => {
  expect(JSON.stringify(openApiDocument())).toBe(JSON.stringify(document));
});

test.each(operations)('%s is described', (operationId, route) => {
  const operation = operationOf(route);
  expect(operation).toMatchObject({ operationId, summary: route.summary });
  expect(operation.security).toEqual(route.role === 'public' ? [] : [{ bearer: [] }]);
  expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining([String(route.status), '500']));
});

test.each(operations.filter(([, { method }]) => method === 'POST'))(
  '%s takes an idempotency key',
  (_id, route) => {
    expect(operationOf(route).parameters.map(({ name }) => name)).toContain('Idempotency-Key');
  },
);

test('every reference leads somewhere', () => {
  const references = JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/(\w+)"/g);
  const components: Record<string, object | undefined> = { ...document.components };
  const missing = [...references]
    .map(([, section, name]) => ({ section: String(section), name: String(name) }))
    .filter(({ section, name }) => !(name in (components[section] ?? {})));
  expect(missing).toEqual([]);
  expect(Object.keys(components['schemas'] ?? {}).length).toBeGreaterThan(25);
});

const schemaSchema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
});

/** Places in a schema where a list, a map or a text may be of any length. */
const boundless = (value: unknown, place: string, seen: readonly string[] = []): string[] => {
  const schema = schemaSchema.safeParse(value).data;
  if (schema === undefined) return [];
  const has = (...keys: string[]) => keys.some((key) => schema[key] !== undefined);
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined)
    return seen.includes(name) ? [] : boundless(document.components?.schemas?.[name], name, [...seen, name]);
  const alternatives = [schema['anyOf'], schema['oneOf'], schema['allOf']].flatMap((one) =>
    Array.isArray(one) ? one.flatMap((each) => boundless(each, place, seen)) : [],
  );
  const types = [schema.type].flat();
  const isMap = types.includes('object') && typeof schema.additionalProperties === 'object';
  return [
    ...alternatives,
    ...(types.includes('array') && !has('maxItems') ? [`${place}: list`] : []),
    ...(isMap && !has('maxProperties') ? [`${place}: map`] : []),
    ...(types.includes('string') && !has('maxLength', 'pattern', 'format', 'enum', 'const')
      ? [`${place}: text`]
      : []),
    ...(schema.items === undefined ? [] : boundless(schema.items, `${place}/*`, seen)),
    ...(isMap ? boundless(schema.additionalProperties, `${place}/*`, seen) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, one]) =>
      boundless(one, `${place}/${key}`, seen),
    ),
  ];
};

const bodySchema = z.object({
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) }).optional(),
});
const bodyOf = ({ path, method }: Route) => {
  const verbs: Record<string, unknown> = { ...document.paths?.[path] };
  return bodySchema.parse(verbs[method.toLowerCase()]).requestBody?.content ?? {};
};

test.each(operations.filter(([, { body }]) => body !== undefined))(
  '%s says how long each list, map and text of its body may be',
  (id, route) => {
    const schemas = Object.values(bodyOf(route)).map(({ schema }) => schema);
    expect(schemas.flatMap((schema) => boundless(schema, id))).toEqual([]);
  },
);

test.each(operations.filter(([, { body }]) => body !== undefined))(
  '%s takes JSON, a change also as a merge patch',
  (_id, route) => {
    const types = route.method === 'PATCH' ? ['application/merge-patch+json'] : [];
    expect(Object.keys(bodyOf(route))).toEqual([...types, 'application/json']);
  },
);

test.each(operations)('%s has each answer that the order of checks can give', (_id, route) => {
  const isIn = route.path.includes('{workspaceId}');
  const expected = [
    route.status,
    500,
    ...(route.role === 'public' ? [] : [401]),
    ...(isIn ? [403, 404] : []),
    ...(route.onlyPeople === true ? [403] : []),
    ...(route.query === undefined ? [] : [400]),
    ...(route.body === undefined ? [] : [400, 413, 415, 422]),
    ...(route.method === 'GET' ? [] : [409]),
    ...(route.method === 'PATCH' ? [412] : []),
    ...(route.otherAnswers ?? []).map(({ status }) => status),
  ];
  expect(Object.keys(operationOf(route).responses)).toEqual(expect.arrayContaining(expected.map(String)));
});

test('a secret is only written', () => {
  const text = JSON.stringify(document.components?.schemas?.['ConnectionInput']);
  expect(text).toContain('"writeOnly":true');
});

test('what may be true or false is a boolean', () => {
  const dryRun = operationOf(routes.deleteLeftovers).parameters.find(({ name }) => name === 'dryRun');
  expect(dryRun?.schema).toEqual({ type: 'boolean', default: true });
});
