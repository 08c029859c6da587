import { expect, test } from 'vitest';
import { z } from 'zod';
import { agentApiPath } from '../../shared/contracts/routes/agent.ts';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';
import { awsStage, localStage } from './support/example-stage.ts';
import { functionsOf, resourceOf, resourcesOf, synthesise, textOf } from './support/templates.ts';

const { app } = synthesise(awsStage());
const operations = Object.entries<Route>(routes);

const routeSchema = z.object({ ApiId: z.unknown(), RouteKey: z.string(), Target: z.unknown() });
const integrationSchema = z.object({ IntegrationUri: z.unknown() });

/** Route keys of one API with the name of the function behind each. */
function routesOf(api: 'PublicApi' | 'SocketApi'): Map<string, string> {
  const names = new Map([...functionsOf(app)].map(([name, { id }]) => [id, name]));
  const integrations = new Map(
    resourcesOf(app, 'AWS::ApiGatewayV2::Integration').map(({ id, Properties }) => {
      const uri = textOf(integrationSchema.parse(Properties).IntegrationUri);
      const functionId = /\{(\w+)\.Arn\}/.exec(uri)?.[1] ?? '';
      return [`integrations/{${id}}`, names.get(functionId) ?? functionId];
    }),
  );
  return new Map(
    resourcesOf(app, 'AWS::ApiGatewayV2::Route')
      .map(({ Properties }) => routeSchema.parse(Properties))
      .filter(({ ApiId }) => textOf(ApiId).startsWith(`{${api}`))
      .map(({ RouteKey, Target }) => [RouteKey, integrations.get(textOf(Target)) ?? '']),
  );
}

const http = routesOf('PublicApi');

/** What the gateway does: the full match, then the greedy one, then the default; fixed parts before variable ones. */
function functionFor(path: string): string | undefined {
  const segments = path.split('/');
  const matching = [...http.keys()]
    .filter((key) => key.startsWith('ANY '))
    .map((key) => ({ key, template: key.slice('ANY '.length).split('/') }))
    .filter(({ template }) => matches(template, segments))
    .sort((one, other) => specificity(other.template).localeCompare(specificity(one.template)));
  return http.get(matching[0]?.key ?? '$default');
}

const isGreedy = (part: string | undefined) => part?.endsWith('+}') === true;

const matches = (template: string[], path: string[]) =>
  (isGreedy(template.at(-1)) ? path.length >= template.length : path.length === template.length) &&
  template.every((part, place) => part.startsWith('{') || part === path[place]);

/** Sorts like the gateway prefers: a letter for each part, the fixed ones last. */
const specificity = (template: string[]) =>
  template.map((part) => (isGreedy(part) ? 'a' : part.startsWith('{') ? 'b' : 'c')).join('');

test.each(operations)('%s reaches the function of its area, and only that', (_id, route) => {
  const path = route.path.replaceAll(/\{[^}]+\}/g, 'some-id');
  expect(functionFor(path)).toBe(`api/${route.area}`);
});

test('what runners call reaches the agent API', () => {
  const base = agentApiPath.replaceAll(/\{[^}]+\}/g, 'some-id');
  for (const call of ['claim', 'chunks', 'a/path/of/later']) {
    expect(functionFor(`${base}/${call}`)).toBe('agent-api');
  }
});

test.each([
  '/',
  '/nothing',
  '/v1',
  '/v1/workspaces/some-id/nothing',
  '/v1/workspaces/some-id/runs/some-id/nothing',
])('%s reaches the function that answers 404 as a problem', (path) => {
  expect(functionFor(path)).toBe('api/public');
});

test('the gateway holds no route beside those of the contract', () => {
  const templates = new Set(operations.map(([, { path }]) => path.replaceAll(/\{[^}]+\}/g, '{}')));
  const others = [...http.keys()].filter(
    (key) => !templates.has(key.slice(4).replaceAll(/\{[^}]+\}/g, '{}')),
  );
  expect(others.toSorted()).toEqual(['$default', 'ANY /v1/agent/{proxy+}']);
});

test('no two routes differ in the names of their parameters only', () => {
  const shapes = [...http.keys()].map((key) => key.replaceAll(/\{[^}]+\}/g, '{}'));
  expect(new Set(shapes).size).toBe(shapes.length);
});

test('a function gets one permission for all its routes', () => {
  const permissions = resourcesOf(app, 'AWS::Lambda::Permission').map(({ Properties }) => ({
    target: textOf(Properties['FunctionName']),
    source: textOf(Properties['SourceArn']),
  }));
  const ofHttp = permissions.filter(({ source }) => source.includes(':{PublicApi'));
  expect(ofHttp).toHaveLength(6);
  expect(new Set(ofHttp.map(({ target }) => target)).size).toBe(6);
});

test('each route of the socket has its own function', () => {
  expect(Object.fromEntries(routesOf('SocketApi'))).toEqual({
    $connect: 'socket/connect',
    $disconnect: 'socket/disconnect',
    $default: 'socket/message',
  });
});

test('both stages are throttled and the HTTP one logs each access without its query', () => {
  const stages = resourcesOf(app, 'AWS::ApiGatewayV2::Stage').map(({ Properties }) => Properties);
  expect(stages).toHaveLength(2);
  for (const stage of stages) {
    const { ThrottlingRateLimit } = z
      .object({ ThrottlingRateLimit: z.number() })
      .parse(stage['DefaultRouteSettings']);
    expect(ThrottlingRateLimit).toBeLessThan(10_000);
  }
  const { Format } = z
    .object({ Format: z.string() })
    .parse(stages.find(({ StageName }) => StageName === '$default')?.['AccessLogSettings']);
  expect(Format).toContain('$context.requestId');
  expect(Format).not.toMatch(/query|authorization/i);
});

test('browsers of the named origins may call, on AWS', () => {
  expect(
    resourceOf(app, 'AWS::ApiGatewayV2::Api', 'PublicApi').Properties['CorsConfiguration'],
  ).toMatchObject({
    AllowOrigins: ['https://console.example'],
  });
  const local = resourceOf(synthesise(localStage()).app, 'AWS::ApiGatewayV2::Api', 'PublicApi');
  expect(local.Properties).not.toHaveProperty('CorsConfiguration');
});
