import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { z } from 'zod';

export type Sent = {
  method: string;
  path: string;
  headers?: Record<string, string>;
  query?: string;
  body?: unknown;
};

const answerSchema = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
});

/** An event of the HTTP API (payload format 2.0), as far as it is read. */
export const httpEvent = ({
  method,
  path,
  headers = {},
  query = '',
  body,
}: Sent): APIGatewayProxyEventV2 => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: query,
  headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  requestContext: {
    accountId: '000000000000',
    apiId: 'api',
    domainName: 'api.example',
    domainPrefix: 'api',
    http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
    requestId: 'request-1',
    routeKey: '$default',
    stage: '$default',
    time: '',
    timeEpoch: 0,
  },
  isBase64Encoded: false,
  body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
});

const context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'test',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:test',
  memoryLimitInMB: '512',
  awsRequestId: 'request-1',
  logGroupName: '',
  logStreamName: '',
  getRemainingTimeInMillis: () => 10_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};

type Handler = (event: APIGatewayProxyEventV2, context: typeof callContext) => unknown;
export const callContext = context;

/** Calls a handler and answers status, headers and body; a body of JSON is parsed. */
export const callApi = async (handler: Handler, sent: Sent) => {
  const answer = answerSchema.parse(await handler(httpEvent(sent), context));
  const json = /json/.test(answer.headers['content-type'] ?? '');
  const body: unknown = json ? JSON.parse(answer.body) : answer.body;
  return { status: answer.statusCode, headers: answer.headers, body };
};
