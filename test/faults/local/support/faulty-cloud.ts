/**
 * A proxy between the functions of the local stack and the cloud that they call: it hands every call on to the emulator
 * or the stand-in it is meant for, unless a rule says what goes wrong with it.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { killCaller } from './callers.ts';
import { type Broken, type Call, type Fault, type Rule, ruleBook } from './rules.ts';

type Upstreams = { aws: string; codebuild: string; customer: string };
type Reply = { status: number; headers: IncomingHttpHeaders; body: Buffer };
type Asked = { request: IncomingMessage; call: Call; body: Buffer; service: string };

export type FaultyCloud = {
  url: string;
  port: number;
  /** Puts a rule in force. */
  break: (rule: Rule) => Broken;
  /** Ends all rules. */
  mend: () => void;
  /** All calls that came so far, in their order. */
  calls: readonly Call[];
  close: () => Promise<void>;
};

const serviceOf = ({ authorization = '' }: IncomingHttpHeaders): string =>
  /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(authorization)?.[1] ?? '';

/** `DynamoDB_20120810.GetItem` in the JSON protocols, `Action=DescribeImages` in the query protocol, or a socket's path. */
const operationOf = ({ 'x-amz-target': target }: IncomingHttpHeaders, path: string, body: string): string => {
  if (path.includes('/@connections/')) return 'PostToConnection';
  return String(target ?? '').split('.')[1] ?? new URLSearchParams(body).get('Action') ?? '';
};

/** The first part of the path says who calls: every function has an address of its own. */
const splitPath = (url: string): { caller: string; path: string } => {
  const [, caller = '', ...rest] = url.split('/');
  return { caller, path: `/${rest.join('/')}` };
};

const read = async (incoming: IncomingMessage, own: string, aws: string): Promise<Asked> => {
  // Addresses of queues lie in the body.
  const body = Buffer.from((await buffer(incoming)).toString('latin1').replaceAll(own, aws), 'latin1');
  const text = body.toString('utf8');
  const { caller, path } = splitPath(incoming.url ?? '/');
  const call = { caller, operation: operationOf(incoming.headers, path, text), path, body: text };
  return { request: incoming, call, body, service: serviceOf(incoming.headers) };
};

const upstreamOf = (service: string, { aws, codebuild, customer }: Upstreams): string => {
  if (service === 'codebuild') return codebuild;
  return service === 'ec2' || service === 'sts' ? customer : aws;
};

const carryOut = async (asked: Asked, upstreams: Upstreams): Promise<Reply> => {
  const url = new URL(asked.call.path, upstreamOf(asked.service, upstreams));
  const headers = { ...asked.request.headers, host: url.host, 'content-length': String(asked.body.length) };
  const outgoing = request(url, { method: asked.request.method, headers });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once('response', resolve).once('error', reject).end(asked.body);
  const incoming = await promise;
  return { status: incoming.statusCode ?? 502, headers: incoming.headers, body: await buffer(incoming) };
};

/** The same call as one that nobody remembers: the token by which the service knows repetitions is gone. */
const withoutToken = (asked: Asked): Asked => {
  const text = asked.call.body.replace(/"ClientRequestToken":"[^"]*",?/, '').replace(',}', '}');
  return { ...asked, body: Buffer.from(text) };
};

const refusal = ({ status, code }: Extract<Fault, { kind: 'refuse' }>, service: string): Reply => {
  const message = 'A test refuses this call.';
  const isXml = service === 'ec2' || service === 'sts';
  const text = isXml
    ? `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>0</RequestID></Response>`
    : JSON.stringify({ __type: code, message });
  const type = isXml ? 'text/xml' : 'application/x-amz-json-1.0';
  return { status, headers: { 'content-type': type, 'x-amzn-errortype': code }, body: Buffer.from(text) };
};

const reply = (response: ServerResponse, { status, headers, body }: Reply): void => {
  const { connection: _connection, 'transfer-encoding': _encoding, ...kept } = headers;
  response.writeHead(status, { ...kept, 'content-length': String(body.length) }).end(body);
};

/** Starts the proxy on a port of its own. */
export const startFaultyCloud = async (upstreams: Upstreams, seed = 1): Promise<FaultyCloud> => {
  const rules = ruleBook(seed);
  const calls: Call[] = [];
  let own = '';
  let port = 0;

  const misbehave = async (fault: Fault | undefined, asked: Asked, response: ServerResponse) => {
    switch (fault?.kind) {
      case undefined:
        return reply(response, await carryOut(asked, upstreams));
      case 'refuse':
        return reply(response, refusal(fault, asked.service));
      case 'drop':
        return void response.destroy();
      case 'lose':
        await carryOut(asked, upstreams);
        return void response.destroy();
      case 'twice':
        await carryOut(asked, upstreams);
        return reply(response, await carryOut(asked, upstreams));
      case 'late-twice':
        await carryOut(asked, upstreams);
        return reply(response, await carryOut(withoutToken(asked), upstreams));
      case 'wait':
        await fault.until;
        return reply(response, await carryOut(asked, upstreams));
      case 'hang':
        if (fault.carriedOut) await carryOut(asked, upstreams);
        return;
      case 'kill':
        if (fault.moment === 'after') await carryOut(asked, upstreams);
        await killCaller(asked.request.socket.remotePort ?? 0, port);
        return void response.destroy();
    }
  };
  const server = createServer((incoming, response) => {
    const serve = async () => {
      const asked = await read(incoming, own, upstreams.aws);
      calls.push(asked.call);
      await misbehave(rules.decide(asked.call), asked, response);
    };
    serve().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  own = `http://127.0.0.1:${port}`;
  return {
    url: own,
    port,
    break: rules.add,
    mend: rules.clear,
    calls,
    close: async () => {
      rules.clear();
      // What is under way is answered first, so that no function is left without an answer by the end of a file.
      server.closeIdleConnections();
      await Promise.race([new Promise((resolve) => server.close(resolve)), delay(5000)]);
      server.closeAllConnections();
    },
  };
};
