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

test('what may be true or false is a boolean', () => {
  const dryRun = operationOf(routes.deleteLeftovers).parameters.find(({ name }) => name === 'dryRun');
  expect(dryRun?.schema).toEqual({ type: 'boolean', default: true });
});
