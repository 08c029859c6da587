import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as callHttp, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { connect } from 'node:net';
import path from 'node:path';

/** A network whose only way out is a forward proxy, and behind it a server that only a private authority vouches for. */

export type Behind = {
  /** Where the server is, for who goes through the proxy; nobody else knows the name. */
  url: string;
  proxyUrl: string;
  /** Certificate of the authority, PEM. */
  authority: string;
  /** What the proxy was asked for, in order: `CONNECT host:port`, or the method and address. */
  asked: string[];
  close: () => Promise<void>;
};

const HOST = 'api.goldsmith.test';

/** Makes an authority and a certificate of the server in `folder`. */
const makeCertificates = (folder: string) => {
  const at = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  writeFileSync(at('ca.cnf'), 'basicConstraints=critical,CA:TRUE\n');
  writeFileSync(at('server.cnf'), `subjectAltName=DNS:${HOST}\n`);
  for (const name of ['ca', 'server'])
    openssl(
      'req',
      '-new',
      ...key,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.csr`),
      '-subj',
      `/CN=${name}`,
    );
  const sign = (name: string, ...by: string[]): void =>
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      '-days',
      '2',
      '-extfile',
      at(`${name}.cnf`),
      '-out',
      at(`${name}.pem`),
      ...by,
    );
  sign('ca', '-signkey', at('ca.key'));
  sign('server', '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial');
  const read = (name: string): string => readFileSync(at(name), 'utf8');
  return { authority: read('ca.pem'), key: read('server.key'), cert: read('server.pem') };
};

const listen = async (server: Server | TlsServer): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** Hands every request on to `target`, an HTTP server of this machine. */
const handOn = (certificates: { key: string; cert: string }, target: string): TlsServer =>
  createTlsServer(certificates, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const onward = callHttp(new URL(incoming.url ?? '/', target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });

/** Opens tunnels to `port`, whatever is asked for; refuses what is asked for without TLS. */
const forwardProxy = (asked: string[], port: number): Server =>
  createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.writeHead(403).end();
  }).on('connect', ({ url }, client, head) => {
    asked.push(`CONNECT ${url}`);
    const server = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      server.write(head);
      server.pipe(client).pipe(server);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });

/** Puts the HTTP server at `target` behind TLS and a proxy. `folder` is for the certificates. */
export const putBehindProxy = async (folder: string, target: string): Promise<Behind> => {
  const { authority, ...certificates } = makeCertificates(folder);
  const asked: string[] = [];
  const server = handOn(certificates, target);
  const proxy = forwardProxy(asked, await listen(server));
  const proxyUrl = `http://127.0.0.1:${await listen(proxy)}`;
  const close = async (): Promise<void> => {
    for (const one of [proxy, server]) {
      one.closeAllConnections();
      one.close();
    }
    await Promise.all([proxy, server].map((one) => once(one, 'close')));
  };
  return { url: `https://${HOST}`, proxyUrl, authority, asked, close };
};
