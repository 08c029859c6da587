import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, makeAuthority } from '../../../../infra/local/standins/clouds/authority.ts';
import type { Cloud } from '../../../../infra/local/standins/clouds/cloud.ts';
import { type CloudProxy, startCloudProxy } from '../../../../infra/local/standins/clouds/proxy.ts';

let authority: Authority;
let proxy: CloudProxy | undefined;
beforeAll(async () => {
  authority = await makeAuthority();
});
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});

const cloudOf = (host: string): Cloud => ({
  serves: (asked) => asked === host,
  calls: [],
  handle: async ({ method, url, body }) => ({
    status: 201,
    body: { at: host, method, path: url.pathname, body },
  }),
});

/** Asks the proxy for a tunnel. */
const tunnel = (target: string): Promise<{ status: number | undefined; socket: Duplex }> =>
  new Promise((resolve, reject) => {
    const asking = request(proxy?.url ?? '', { method: 'CONNECT', path: target });
    asking.once('error', reject);
    asking.once('connect', ({ statusCode: status }, socket: Duplex, head) => {
      socket.unshift(head);
      resolve({ status, socket });
    });
    asking.end();
  });

const post = async (host: string, body: string, ca: string | undefined) => {
  const { socket } = await tunnel(`${host}:443`);
  const asking = httpsRequest({
    host,
    path: '/some/path?a=b',
    method: 'POST',
    createConnection: () => connect({ socket, servername: host, ...(ca !== undefined && { ca }) }),
  });
  asking.end(body);
  const [answer] = await new Promise<[IncomingMessage]>((resolve, reject) => {
    asking.once('response', (response) => resolve([response]));
    asking.once('error', reject);
  });
  return { status: answer.statusCode, text: await text(answer) };
};

describe('the proxy of the stand-ins of clouds', () => {
  it('hands what is for a cloud to that cloud, with a certificate that its authority signed', async () => {
    const clouds = [cloudOf('management.example.com'), cloudOf('compute.example.com')];
    proxy = await startCloudProxy({ clouds, authority });
    const answer = await post('compute.example.com', '{"x":1}', authority.certificate);
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toEqual({
      at: 'compute.example.com',
      method: 'POST',
      path: '/some/path',
      body: '{"x":1}',
    });
    expect(clouds.map(({ calls }) => calls.length)).toEqual([0, 1]);
  });

  it('is believed by nobody who was not told to trust its authority', async () => {
    proxy = await startCloudProxy({ clouds: [cloudOf('compute.example.com')], authority });
    await expect(post('compute.example.com', '', undefined)).rejects.toThrow(/certificate/);
  });

  it('refuses every other host: nothing leaves the machine', async () => {
    proxy = await startCloudProxy({ clouds: [cloudOf('compute.example.com')], authority });
    expect((await tunnel('example.org:443')).status).toBe(502);
  });

  it('leads other hosts on, unread, when it is told to', async () => {
    const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    proxy = await startCloudProxy({ clouds: [], authority, others: 'lead-on' });
    const { status, socket } = await tunnel(`127.0.0.1:${port}`);
    expect([status, await text(socket)]).toEqual([200, 'hello']);
    server.close();
  });
});
