import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../infra/openapi/document.ts';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';

const document = openApiDocument();
const operations = Object.entries<Route>(routes);
const operationOf = ({ path, method }: Route) => {
  const operation = Object.entries(document.paths?.[path] ?? {}).find(
    ([verb]) => verb === method.toLowerCase(),
  );
  return operation?.[1];
};

test('docs/openapi.json is what the routes give: else run npm run openapi', () => {
  const written = readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8');
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(document)));
});

test('the same routes give the same text', () => {
  expect(JSON.stringify(openApiDocument())).toBe(JSON.stringify(document));
});

test.each(operations)('%s is described', (operationId, route) => {
  expect(operationOf(route)).toMatchObject({
    operationId,
    summary: route.summary,
    security: route.role === 'public' ? [] : [{ bearer: [] }],
    responses: { [route.status]: expect.anything(), 500: { $ref: '#/components/responses/Problem500' } },
  });
});

test('every POST takes an idempotency key', () => {
  for (const [id, route] of operations.filter(([, { method }]) => method === 'POST')) {
    expect(JSON.stringify(operationOf(route)?.parameters), id).toContain('"Idempotency-Key"');
  }
});

test('every reference leads somewhere', () => {
  const text = JSON.stringify(document);
  const names = [...text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)];
  expect(names.length).toBeGreaterThan(50);
  for (const [, section, name] of names) {
    const components: Record<string, object | undefined> = { ...document.components };
    expect(components[String(section)], `${section} ${name}`).toHaveProperty(String(name));
  }
});

test('what may be true or false is a boolean', () => {
  expect(operationOf(routes.deleteLeftovers)?.parameters).toContainEqual(
    expect.objectContaining({ name: 'dryRun', schema: { type: 'boolean', default: true } }),
  );
});
