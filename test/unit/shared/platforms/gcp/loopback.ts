import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Machines } from '../../../../../infra/local/standins/clouds/cloud.ts';
import { type GcpCloud, gcpCloud } from '../../../../../infra/local/standins/clouds/gcp/index.ts';
import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import { connect, open } from '../../../../../shared/platforms/gcp/client.ts';
import type { RunIdentity } from '../../../../../shared/platforms/platform.ts';
import { demandPlatform } from '../../../../../shared/platforms/snapshot-of.ts';
import { run as anyRun } from '../../packer/fixtures.ts';

/** No machines: an instance is up at once. */
const noMachines: Machines = {
  start: () => Promise.resolve({ address: '127.91.0.4' }),
  stop: () => Promise.resolve(),
  capture: () => Promise.resolve(),
};

/** The stand-in behind HTTP on the loopback interface: the first part of a path is the server that was meant. */
export const serveGcp = async (cloud = gcpCloud(noMachines)) => {
  const server = createServer((request, response) => {
    const serve = async (): Promise<void> => {
      const [, host = '', rest = ''] = /^\/([^/]+)(.*)$/.exec(request.url ?? '') ?? [];
      const url = new URL(rest, `https://${host}`);
      const { method = 'GET', headers } = request;
      cloud.calls.push({ method, host, path: url.pathname });
      const body = await text(request);
      const { status, body: answer } = await cloud.handle({ method, host, url, headers, body });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    };
    serve().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { cloud, port, close };
};

/** `fetch` that sends every request to the stand-in. */
export const fetchTo =
  (port: number): typeof fetch =>
  (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input);
    return fetch(`http://127.0.0.1:${port}/${asked.host}${asked.pathname}${asked.search}`, init);
  };

type Options = { identityToken?: () => Promise<string>; patience?: number; key?: string; run?: RunIdentity };

/** A client of a run whose connection is the stand-in's service account. */
export const clientOf = (cloud: GcpCloud, port: number, snapshot: RunSnapshot, options: Options = {}) => {
  const { patience = 20_000, key = cloud.account.keyFile, run = anyRun, ...identity } = options;
  const access = {
    snapshot: demandPlatform(snapshot, 'gcp'),
    run,
    decrypt: () => Promise.resolve(key),
    ...identity,
  };
  return connect(access, { fetch: fetchTo(port), patience });
};

/** A client of the connection alone. */
export const accountOf = (cloud: GcpCloud, port: number, snapshot: RunSnapshot, options: Options = {}) => {
  const { patience = 20_000, key = cloud.account.keyFile, ...identity } = options;
  const { connection } = demandPlatform(snapshot, 'gcp');
  const access = { connection, sessionName: 'test', decrypt: () => Promise.resolve(key), ...identity };
  return open(access, { fetch: fetchTo(port), patience });
};
