import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';

export type LoopbackEndpoint = { url: string; token: string; close: () => Promise<void> };

export type LoopbackOptions = {
  path: string;
  /** What is answered, as JSON; a rejection is answered with 503, and whoever asked tries again. */
  give: () => Promise<unknown>;
  /** The header that must come with the endpoint's token. */
  authorization: (token: string) => string;
};

/** Serves one secret document on the loopback interface to whoever knows the endpoint's token. */
export const startLoopback = async (options: LoopbackOptions): Promise<LoopbackEndpoint> => {
  const token = randomBytes(32).toString('base64url');
  const server = createServer(answerWith(options, options.authorization(token)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}${options.path}`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const answerWith =
  ({ path, give }: LoopbackOptions, wanted: string): RequestListener =>
  (request, response) => {
    const asked = (request.url ?? '').split('?', 1)[0];
    if (request.method !== 'GET' || asked !== path) return refuse(response, 404, 'NotFound');
    if (!isSame(request.headers.authorization ?? '', wanted)) return refuse(response, 403, 'AccessDenied');
    give().then(
      (document) => response.writeHead(200, JSON_TYPE).end(JSON.stringify(document)),
      () => refuse(response, 503, 'ServiceUnavailable'),
    );
  };

const JSON_TYPE = { 'content-type': 'application/json' };
const refuse = (response: ServerResponse, status: number, code: string): void => {
  response.writeHead(status, JSON_TYPE).end(JSON.stringify({ code, message: 'No credentials' }));
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const isSame = (given: string, wanted: string): boolean => timingSafeEqual(digest(given), digest(wanted));
