import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identityTokens } from '../../../../shared/runtime/identity-tokens.ts';

const ROLE = 'arn:aws:iam::111122223333:role/goldsmith-test-identity';
const xml = (action: string, inner: string) =>
  `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${inner}</${action}Result></${action}Response>`;

let server: Server;
let asked: { action: string | null; query: URLSearchParams; signedAs: string }[];
let refuse: boolean;

/** STS as its reference shows the answers of AssumeRole and GetWebIdentityToken. */
const answer = (query: URLSearchParams): string =>
  query.get('Action') === 'AssumeRole'
    ? xml(
        'AssumeRole',
        '<Credentials><AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>session-secret</SecretAccessKey>' +
          '<SessionToken>session-token</SessionToken><Expiration>2030-01-01T01:00:00Z</Expiration></Credentials>',
      )
    : xml(
        'GetWebIdentityToken',
        '<WebIdentityToken>eyJ.a.jwt</WebIdentityToken><Expiration>2030-01-01T00:30:00Z</Expiration>',
      );

beforeEach(async () => {
  asked = [];
  refuse = false;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const query = new URLSearchParams(body);
      const signedAs = /Credential=(\w+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
      asked.push({ action: query.get('Action'), query, signedAs });
      response
        .writeHead(refuse ? 403 : 200, { 'content-type': 'text/xml' })
        .end(
          refuse
            ? '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>'
            : answer(query),
        );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAFUNCTION');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'function-secret');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
  server.closeAllConnections();
});

describe('identity tokens of the deployment', () => {
  it('are asked for as the identity role, so that every function is the same subject', async () => {
    const token = await identityTokens(ROLE)?.('goldsmith:con_1');
    expect(token).toEqual({ token: 'eyJ.a.jwt', expiresAt: '2030-01-01T00:30:00.000Z' });
    expect(asked.map(({ action, signedAs }) => [action, signedAs])).toEqual([
      ['AssumeRole', 'AKIAFUNCTION'],
      ['GetWebIdentityToken', 'ASIASESSION'],
    ]);
    expect(asked[0]?.query.get('RoleArn')).toBe(ROLE);
    expect(asked[1]?.query.get('Audience.member.1')).toBe('goldsmith:con_1');
    expect(asked[1]?.query.get('Audience.member.2')).toBeNull();
  });

  it('end before the session does that they were asked for with', async () => {
    await identityTokens(ROLE)?.('goldsmith:con_1');
    expect(Number(asked[1]?.query.get('DurationSeconds'))).toBeLessThan(3600);
  });

  it('are refused with what STS says', async () => {
    refuse = true;
    await expect(identityTokens(ROLE)?.('goldsmith:con_1')).rejects.toThrow('not you');
  });

  it('are not there where the deployment has no identity', () => {
    expect(identityTokens('')).toBeUndefined();
  });
});
