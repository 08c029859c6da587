import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Route } from '../../contracts/routes/route.ts';
import { TooContended } from '../../store/retry.ts';
import type { Table } from '../../store/table.ts';
import { isWorkspaceId, scopeTo } from '../../store/workspace-scope.ts';
import { workspaceStore } from '../../store/workspace-store.ts';
import { logger } from '../logger.ts';
import { type Authenticate, demandAccess, type Principal, roleIn } from './authenticate.ts';
import { idempotency } from './idempotency.ts';
import { routeMatcher } from './match-route.ts';
import type { Answer, Operation, UntypedCall } from './operation.ts';
import { ApiProblem, notFound, problemOf } from './problem.ts';
import { checkBody, checkQuery, header, jsonBody } from './read-request.ts';

type Dependencies = { table: Table; authenticate: Authenticate };

/**
 * The handler of one area: finds the route, then checks in the order that api.md fixes: token, membership, role, body
 * and query, shape; the operation does the rest. Whatever goes wrong is answered as a problem.
 */
export const apiHandler = (operations: Record<string, Operation>, dependencies: Dependencies) => {
  const find = routeMatcher(
    Object.fromEntries(Object.entries(operations).map(([id, { route }]) => [id, route])),
  );
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(injectLambdaContext(logger))
    .handler(async (event: APIGatewayProxyEventV2) => {
      const { requestId } = event.requestContext;
      try {
        const match = find(event.requestContext.http.method, pathOf(event));
        if (match === 'no-path') throw notFound('path');
        if ('allowed' in match)
          throw new ApiProblem(
            'method-not-allowed',
            `It has ${match.allowed.join(', ')}.`,
            {},
            match.allowed,
          );
        const found = operations[match.id];
        if (found === undefined) throw notFound('path');
        return respond(found.route, await serve(event, { ...found, params: match.params }, dependencies));
      } catch (error) {
        return refuse(error, requestId);
      }
    });
};

/** The path without the stage that a gateway's default URL may begin with. */
const pathOf = (event: APIGatewayProxyEventV2): string => {
  const { stage } = event.requestContext;
  const { rawPath } = event;
  return stage !== '$default' && rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath;
};

type Found = Operation & { params: Record<string, string> };

/**
 * Who asks is known first. Whether they may is read while an eager operation reads what it needs: nothing is answered
 * and nothing is written before that is decided, and a refusal of access comes before every other.
 */
const serve = async (
  event: APIGatewayProxyEventV2,
  found: Found,
  dependencies: Dependencies,
): Promise<Answer> => {
  if (found.route.role === 'public') return found.run(checkedCall(event, found));
  const principal = await dependencies.authenticate(header(event, 'authorization'));
  const granted = demandGrant(principal, found, dependencies.table);
  if (!found.eager) await granted;
  const work = perform(event, found, { principal, granted }, dependencies.table);
  await Promise.allSettled([granted, work]);
  await granted;
  return work;
};

/** Throws 404 to a stranger of the workspace and 403 to who may not. */
const demandGrant = async (principal: Principal, { route, params }: Found, table: Table): Promise<void> => {
  const { workspaceId } = params;
  const role =
    workspaceId === undefined ? undefined : await roleIn(principal, workspaceId, workspaceStore(table));
  demandAccess(principal, role, { route, params });
};

const perform = async (
  event: APIGatewayProxyEventV2,
  found: Found,
  known: { principal: Principal; granted: Promise<void> },
  table: Table,
): Promise<Answer> => {
  const { workspaceId } = found.params;
  // A text that could be no workspace's id has no members: whoever waits for the grant is told.
  if (workspaceId !== undefined && !isWorkspaceId(workspaceId)) await known.granted;
  const scope = workspaceId === undefined ? {} : { scope: scopeTo(workspaceId) };
  return once(event, found, { ...checkedCall(event, found), ...known, ...scope }, table);
};

/** Body and query in the shapes of the route. Throws 415, 413, 400 and 422. */
const checkedCall = (event: APIGatewayProxyEventV2, { route, params }: Found): UntypedCall => {
  const sent = route.body === undefined ? undefined : jsonBody(event, route);
  const query = route.query === undefined ? undefined : checkQuery(route.query, event.rawQueryString);
  const body = route.body === undefined ? undefined : checkBody(route.body, sent);
  return {
    params,
    body,
    query,
    headers: Object.fromEntries(
      Object.entries(event.headers).map(([key, value]) => [key.toLowerCase(), value]),
    ),
    path: pathOf(event),
    requestId: event.requestContext.requestId,
  };
};

/**
 * Runs a POST at most once for its idempotency key; two at the same moment meet at the row's guard. The answer of an
 * operation that is harmless to repeat, and so does not remember it by itself, is remembered here.
 */
const once = async (
  event: APIGatewayProxyEventV2,
  found: Found,
  call: UntypedCall & { principal: Principal },
  table: Table,
): Promise<Answer> => {
  const key = header(event, 'idempotency-key');
  if (key === undefined || found.route.method !== 'POST') return found.run({ ...call, remember: () => [] });
  const { principal, scope, path, body } = call;
  const kept = idempotency(table, { key, principal, scope, path, body, status: found.route.status });
  const earlier = await kept.earlier();
  if (earlier !== undefined) return earlier;
  let isRemembered = false;
  const remember: typeof kept.remember = (...answer) => {
    isRemembered = true;
    return kept.remember(...answer);
  };
  try {
    const answer = await found.run({ ...call, remember });
    if (!isRemembered) await table.write(kept.remember(answer));
    return answer;
  } catch (error) {
    const meanwhile = await kept.earlier();
    if (meanwhile === undefined) throw error;
    return meanwhile;
  }
};

const respond = (route: Route, answer: Answer): APIGatewayProxyStructuredResultV2 => {
  const statusCode = answer.status ?? route.status;
  if (answer.body === undefined) return { statusCode, headers: answer.headers };
  const contentType = answer.headers?.['content-type'] ?? 'application/json';
  const { body } = answer;
  return {
    statusCode,
    headers: { ...answer.headers, 'content-type': contentType },
    body: typeof body === 'string' && contentType !== 'application/json' ? body : JSON.stringify(body),
  };
};

const refuse = (error: unknown, requestId: string): APIGatewayProxyStructuredResultV2 => {
  const problem = problemFrom(error);
  if (problem.code === 'internal') logger.error('a request failed', { error });
  const document = problemOf(problem, requestId);
  return {
    statusCode: document.status,
    headers: {
      'content-type': 'application/problem+json',
      ...(problem.allowed.length > 0 ? { allow: problem.allowed.join(', ') } : {}),
      ...(problem.code === 'busy' ? { 'retry-after': '1' } : {}),
      ...(document.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
    body: JSON.stringify(document),
  };
};

const problemFrom = (error: unknown): ApiProblem => {
  if (error instanceof ApiProblem) return error;
  if (error instanceof TooContended)
    return new ApiProblem('busy', 'Others are changing the same thing. Try again.');
  return new ApiProblem('internal', 'The request id helps us to find out.');
};
