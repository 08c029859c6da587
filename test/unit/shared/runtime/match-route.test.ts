import { describe, expect, test } from 'vitest';
import { agentRoutes } from '../../../../shared/contracts/routes/agent.ts';
import { routes } from '../../../../shared/contracts/routes/index.ts';
import type { Route } from '../../../../shared/contracts/routes/route.ts';
import { routeMatcher } from '../../../../shared/runtime/api/match-route.ts';
import { ulid } from '../../../support/builders.ts';

const all: Record<string, Route> = { ...routes, ...agentRoutes };
const find = routeMatcher(all);
const ws = `/v1/workspaces/ws_${ulid('W')}`;

test.each(Object.entries(all))('%s is found by its method and path', (id, route) => {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `x-${name}`);
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
  expect(find(route.method, path)).toMatchObject({
    id,
    params: Object.fromEntries(names.map((name) => [name, `x-${name}`])),
  });
});

describe('paths', () => {
  test.each([
    '/',
    '/v1',
    '/v1/nothing',
    `${ws}/nothing`,
    `${ws}/connections/`,
    `${ws}//connections`,
    '/v1/health/',
  ])('%s is unknown', (path) => {
    expect(find('GET', path)).toBe('no-path');
  });

  test('of a known path with another method tell which methods there are', () => {
    expect(find('PUT', `${ws}/connections`)).toEqual({ allowed: ['POST', 'GET', 'HEAD'] });
    expect(find('DELETE', '/v1/health')).toEqual({ allowed: ['GET', 'HEAD'] });
  });

  test('a literal segment wins over a parameter', () => {
    expect(find('GET', `${ws}/image-definitions/def_1/image-versions/latest`)).toMatchObject({
      id: 'readLatestImageVersion',
    });
  });

  test('a dot is a dot', () => {
    expect(find('GET', '/v1/openapiXjson')).toBe('no-path');
  });

  test('an id longer than any of ours is found nowhere: no key of the table may be that long', () => {
    expect(find('GET', `${ws}/connections/${'x'.repeat(129)}`)).toBe('no-path');
    expect(find('GET', `/v1/workspaces/${'x'.repeat(2000)}`)).toBe('no-path');
  });
});
