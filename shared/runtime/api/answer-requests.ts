import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { queryOf, type Route } from '../../contracts/routes/route.ts';
import { TooContended } from '../../store/too-contended.ts';
import { WriteRefused } from '../../store/write-refused.ts';
import { logger } from '../logger.ts';
import { routeMatcher } from './match-route.ts';
import type { Answer, Operation, UntypedCall } from './operation.ts';
import { ApiProblem, notFound, problemOf } from './problem.ts';
import { checkBody, checkQuery, idempotencyKey, jsonBody } from './read-request.ts';

export type Found = Operation & { params: Record<string, string> };
type Serve = (event: APIGatewayProxyEventV2, found: Found) => Promise<Answer>;

/** A handler that finds the operation of a request and answers what `serve` gives; whatever goes wrong is answered as a problem. */
export const answerRequests = (operations: Record<string, Operation>, serve: Serve) => {
  const find = routeMatcher(
    Object.fromEntries(Object.entries(operations).map(([id, { route }]) => [id, route])),
  );
  const operationOf = (event: APIGatewayProxyEventV2): Found => {
    const match = find(isHead(event) ? 'GET' : event.requestContext.http.method, pathOf(event));
    if (match === 'no-path') throw notFound('path');
    if ('allowed' in match)
      throw new ApiProblem('method-not-allowed', `It has ${match.allowed.join(', ')}.`, {}, match.allowed);
    const found = operations[match.id];
    if (found === undefined) throw notFound('path');
    return { ...found, params: match.params };
  };
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(injectLambdaContext(logger))
    .handler(async (event: APIGatewayProxyEventV2) => {
      try {
        const found = operationOf(event);
        return asAsked(event, respond(found.route, await serve(event, found)));
      } catch (error) {
        return asAsked(event, refuse(error, event.requestContext.requestId));
      }
    });
};

const isHead = (event: APIGatewayProxyEventV2): boolean => event.requestContext.http.method === 'HEAD';

/** HEAD is answered as GET is, without the body (RFC 9110, 9.3.2). */
const asAsked = (
  event: APIGatewayProxyEventV2,
  answer: APIGatewayProxyStructuredResultV2,
): APIGatewayProxyStructuredResultV2 => (isHead(event) ? { ...answer, body: '' } : answer);

/** The path without the stage that a gateway's default URL may begin with. */
const pathOf = (event: APIGatewayProxyEventV2): string => {
  const { stage } = event.requestContext;
  const { rawPath } = event;
  return stage !== '$default' && rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath;
};

/** Body and query in the shapes of the route. Throws 415, 413, 400 and 422. */
export const checkedCall = (event: APIGatewayProxyEventV2, { route, params }: Found): UntypedCall => {
  const sent = route.body === undefined ? undefined : jsonBody(event, route);
  const parameters = queryOf(route);
  const query = parameters === undefined ? undefined : checkQuery(parameters, event.rawQueryString);
  const key = idempotencyKey(event, route);
  const body = route.body === undefined ? undefined : checkBody(route.body, sent);
  return {
    params,
    body,
    query,
    idempotencyKey: key,
    headers: Object.fromEntries(
      Object.entries(event.headers).map(([key, value]) => [key.toLowerCase(), value]),
    ),
    path: pathOf(event),
    requestId: event.requestContext.requestId,
  };
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

/** A write that lost to another one without any guard of its own, and that nobody tried again. */
const isClash = (error: unknown): boolean => error instanceof WriteRefused && error.failed.length === 0;

const problemFrom = (error: unknown): ApiProblem => {
  if (error instanceof ApiProblem) return error;
  if (error instanceof TooContended || isClash(error))
    return new ApiProblem('busy', 'Others are changing the same thing. Try again.');
  return new ApiProblem('internal', 'The request id helps us to find out.');
};
