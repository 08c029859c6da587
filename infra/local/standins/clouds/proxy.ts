import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Authority } from './authority.ts';
import type { Cloud, CloudAnswer } from './cloud.ts';

export type CloudProxy = {
  /** For HTTPS_PROXY. */
  url: string;
  close: () => Promise<void>;
};

export type CloudProxyOptions = {
  clouds: readonly Cloud[];
  authority: Authority;
  /** Port on the loopback interface; any free one, if not said. */
  port?: number;
  /** What is none of the clouds': led on to where it wants to go, or refused, which is the default. */
  others?: 'lead-on' | 'refuse';
};

/** Most bytes of a request: a deployment's template has some hundred kilobytes. */
const MAX_BODY = 4 * 1024 * 1024;

/**
 * A proxy for HTTPS whose servers are the given clouds: it takes the TLS off with certificates of its own authority and
 * hands each request to the cloud of its host.
 */
export const startCloudProxy = async (options: CloudProxyOptions): Promise<CloudProxy> => {
  const { clouds, authority, port = 0, others = 'refuse' } = options;
  const inner = createServer((request, response) => {
    serve(clouds, request, response).catch((error: unknown) => {
      send(response, { status: 500, body: { error: String(error) } });
    });
  });
  // Whoever asks the proxy itself looks whether it is there.
  const outer = createServer((_request, response) => send(response, { status: 200, body: { ok: true } }));
  const tunnel = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    socket.on('error', () => socket.destroy());
    const host = hostOf(request.url);
    if (!clouds.some((cloud) => cloud.serves(host))) {
      if (others === 'lead-on') leadOn(request.url ?? '', socket, head);
      else socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const { key, certificate } = await authority.certify(host);
    socket.write(ESTABLISHED);
    if (head.length > 0) socket.unshift(head);
    const secureContext = createSecureContext({ key, cert: certificate });
    const plain = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    plain.on('error', () => socket.destroy());
    inner.emit('connection', plain);
  };
  outer.on('connect', (request, socket: Duplex, head) => void tunnel(request, socket, head));
  outer.listen(port, '127.0.0.1');
  await once(outer, 'listening');
  const address = outer.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: async () => {
      inner.closeAllConnections();
      outer.closeAllConnections();
      outer.close();
      await once(outer, 'close');
    },
  };
};

const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n';
const hostOf = (authority = ''): string => authority.replace(/:\d+$/, '');

/** Joins the client with the server that it asked for, unread. */
const leadOn = (authority: string, socket: Duplex, head: Buffer): void => {
  const { hostname, port } = new URL(`http://${authority}`);
  const server = connect(Number(port === '' ? 443 : port), hostname);
  server.once('connect', () => {
    socket.write(ESTABLISHED);
    server.write(head);
    server.pipe(socket).pipe(server);
  });
  server.once('error', () => socket.destroy());
  socket.once('close', () => server.destroy());
};

const serve = async (
  clouds: readonly Cloud[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const host = hostOf(request.headers.host);
  const cloud = clouds.find((one) => one.serves(host));
  const body = await bodyOf(request);
  if (cloud === undefined || body === undefined) {
    send(response, { status: body === undefined ? 413 : 421 });
    return;
  }
  const { method = 'GET', headers } = request;
  const url = new URL(request.url ?? '/', `https://${host}`);
  cloud.calls.push({ method, host, path: url.pathname });
  send(response, await cloud.handle({ method, host, url, headers, body }));
};

/** The whole body; undefined when it is longer than a cloud would take. */
const bodyOf = async (request: IncomingMessage): Promise<string | undefined> => {
  const announced = Number(request.headers['content-length'] ?? 0);
  return announced > MAX_BODY ? undefined : text(request);
};

const send = (response: ServerResponse, { status, headers = {}, body }: CloudAnswer): void => {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const isText = typeof body === 'string';
  const content = isText ? body : JSON.stringify(body);
  const type = { 'content-type': isText ? 'text/plain' : 'application/json' };
  response.writeHead(status, { ...type, ...headers }).end(content);
};
