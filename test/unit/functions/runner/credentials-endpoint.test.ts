import { afterEach, describe, expect, it } from 'vitest';
import { toTimestamp } from '../../../../functions/runner/clock.ts';
import {
  createCredentialsCache,
  startCredentialsEndpoint,
  startIdentityEndpoint,
} from '../../../../functions/runner/credentials-endpoint.ts';
import { keepAhead } from '../../../../functions/runner/fresh.ts';
import type { VendedCredentials } from '../../../../shared/contracts/agent-protocol.ts';
import { createFastClock } from './fake-time.ts';

const MINUTE = 60_000;

/** A clock whose time passes only when it is told to: nobody wakes by himself. */
const createStillClock = () => {
  const clock = createFastClock();
  clock.sleep = (_milliseconds, signal) =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
  return clock;
};

const create = (give: (count: number) => VendedCredentials | Error) => {
  const clock = createStillClock();
  const secrets: string[] = [];
  let asked = 0;
  const options = {
    clock,
    client: {
      getCredentials: async () => {
        asked += 1;
        const answer = give(asked);
        await new Promise(setImmediate);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    onSecrets: (values: string[]) => secrets.push(...values),
  };
  return { clock, secrets, options, asked: () => asked };
};
const keys = (id: string, expiration?: string): VendedCredentials => ({
  AccessKeyId: id,
  SecretAccessKey: `secret-of-${id}`,
  Token: `token-of-${id}`,
  ...(expiration !== undefined && { Expiration: expiration }),
});

describe('the credentials of a build', () => {
  it('are kept until twenty minutes before they expire (S65)', async () => {
    const { clock, options, asked } = create((count) =>
      keys(`A${count}`, toTimestamp(clock.now() + 60 * MINUTE)),
    );
    const get = createCredentialsCache(options);
    await get();
    clock.pass(39 * MINUTE);
    expect((await get()).AccessKeyId).toBe('A1');
    clock.pass(2 * MINUTE);
    expect((await get()).AccessKeyId).toBe('A2');
    expect(asked()).toBe(2);
  });

  it('that are good for a short time are kept for two thirds of it', async () => {
    const { clock, options, asked } = create((count) =>
      keys(`A${count}`, toTimestamp(clock.now() + 15 * MINUTE)),
    );
    const get = createCredentialsCache(options);
    await get();
    clock.pass(9 * MINUTE);
    expect((await get()).AccessKeyId).toBe('A1');
    clock.pass(2 * MINUTE);
    expect((await get()).AccessKeyId).toBe('A2');
    expect(asked()).toBe(2);
  });

  /** What is left of the credentials, in minutes, at the worst moment of two hours with an absence of the API. */
  const shortestWith = async (awayAfter: number): Promise<number> => {
    const clock = createFastClock();
    const start = clock.now();
    const passed = () => (clock.now() - start) / MINUTE;
    const getCredentials = async () => {
      if (passed() >= awayAfter && passed() < awayAfter + 11) throw new Error('away');
      return keys('A', toTimestamp(clock.now() + 60 * MINUTE));
    };
    const get = createCredentialsCache({ clock, onSecrets: () => undefined, client: { getCredentials } });
    const done = new AbortController();
    let shortest = Number.POSITIVE_INFINITY;
    const look = async () => {
      const { Expiration = '' } = await get().catch(() => keys('none', toTimestamp(clock.now())));
      shortest = Math.min(shortest, (Date.parse(Expiration) - clock.now()) / MINUTE);
      if (passed() > 120) done.abort();
    };
    await keepAhead(look, clock, done.signal);
    return shortest;
  };

  it('outlast an API that is away for eleven minutes, whenever that begins: more than five are left (S65, F24)', async () => {
    for (let minute = 1; minute < 110; minute += 1) expect(await shortestWith(minute)).toBeGreaterThan(5);
  });

  it('are kept for good when they do not expire', async () => {
    const { clock, options, asked } = create(() => keys('A'));
    const get = createCredentialsCache(options);
    await get();
    clock.pass(10_000 * MINUTE);
    await get();
    expect(asked()).toBe(1);
  });

  it('are asked for once, however many wait', async () => {
    const { options, asked } = create(() => keys('A'));
    const get = createCredentialsCache(options);
    await Promise.all([get(), get(), get()]);
    expect(asked()).toBe(1);
  });

  it('serve until they expire when no new ones are to be had, and no longer', async () => {
    const { clock, options } = create((count) =>
      count === 1 ? keys('A', toTimestamp(clock.now() + 10 * MINUTE)) : new Error('away'),
    );
    const get = createCredentialsCache(options);
    await get();
    clock.pass(9 * MINUTE);
    expect((await get()).AccessKeyId).toBe('A');
    clock.pass(2 * MINUTE);
    await expect(get()).rejects.toThrow('away');
  });

  it('are asked for again after a failure', async () => {
    const { options } = create((count) => (count === 1 ? new Error('away') : keys('A')));
    const get = createCredentialsCache(options);
    await expect(get()).rejects.toThrow('away');
    expect((await get()).AccessKeyId).toBe('A');
  });

  it('are hidden in the log before Packer has them', async () => {
    const { options, secrets } = create(() => keys('A'));
    await createCredentialsCache(options)();
    expect(secrets).toEqual(['secret-of-A', 'token-of-A']);
  });
});

describe('the credentials endpoint', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });
  const start = async (give: (count: number) => VendedCredentials | Error) => {
    const { options, secrets, asked } = create(give);
    const { environment, close } = await startCredentialsEndpoint(options);
    open.push(close);
    const url = environment.AWS_CONTAINER_CREDENTIALS_FULL_URI;
    return { url, token: environment.AWS_CONTAINER_AUTHORIZATION_TOKEN, secrets, asked };
  };

  it('answers Packer in the words of the AWS SDKs, on the loopback interface', async () => {
    const { url, token, secrets } = await start(() => keys('A', '2026-01-01T01:00:00.000Z'));
    const response = await fetch(url, { headers: { authorization: token } });
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect(await response.json()).toEqual(keys('A', '2026-01-01T01:00:00.000Z'));
    expect(secrets[0]).toBe(token);
  });

  it.each([undefined, '', 'wrong', 'Bearer x'])('gives nothing to who says %j', async (authorization) => {
    const { url } = await start(() => keys('A'));
    const response = await fetch(url, { headers: authorization === undefined ? {} : { authorization } });
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('secret');
  });

  it('has credentials ready before Packer asks for them, and asks the API once', async () => {
    const { url, token, asked } = await start(() => keys('A'));
    expect(asked()).toBe(1);
    const answers = await Promise.all([1, 2].map(() => fetch(url, { headers: { authorization: token } })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(asked()).toBe(1);
  });

  it('asks the API again when the first attempt came to nothing', async () => {
    const { url, token } = await start((count) => (count === 1 ? new Error('busy') : keys(`A${count}`)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const response = await fetch(url, { headers: { authorization: token } });
    expect(await response.json()).toEqual(keys('A2'));
  });

  it('has one path and one method', async () => {
    const { url, token } = await start(() => keys('A'));
    expect((await fetch(`${url}/x`, { headers: { authorization: token } })).status).toBe(404);
    expect((await fetch(url, { method: 'POST', headers: { authorization: token } })).status).toBe(404);
  });

  it('says that it has none when the API gives none', async () => {
    const { url, token } = await start(() => new Error('with a secret inside'));
    const response = await fetch(url, { headers: { authorization: token } });
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('secret inside');
  });
});

type Identity = Awaited<ReturnType<typeof startIdentityEndpoint>>;

describe('the identity of a build', () => {
  const open = () => {
    const clock = createStillClock();
    const secrets: string[] = [];
    let asked = 0;
    const getIdentityToken = async () => {
      asked += 1;
      return { token: `jwt-${asked}`, expiresAt: toTimestamp(clock.now() + 30 * MINUTE) };
    };
    const onSecrets = (values: string[]) => void secrets.push(...values);
    return {
      clock,
      secrets,
      start: () => startIdentityEndpoint({ client: { getIdentityToken }, clock, onSecrets }),
    };
  };
  const ask = (environment: Identity['environment'], authorization?: string) =>
    fetch(`${environment.PKR_VAR_identity_url}?audience=api%3A%2F%2FAzureADTokenExchange`, {
      headers: { authorization: authorization ?? `Bearer ${environment.PKR_VAR_identity_token}` },
    });

  it('is a token for whoever knows the bearer token, renewed before it expires, and hidden from the log (S65)', async () => {
    const { clock, secrets, start } = open();
    const endpoint = await start();
    try {
      expect(await (await ask(endpoint.environment)).json()).toEqual({ value: 'jwt-1' });
      clock.pass(19 * MINUTE);
      expect(await (await ask(endpoint.environment)).json()).toEqual({ value: 'jwt-1' });
      clock.pass(2 * MINUTE);
      expect(await (await ask(endpoint.environment)).json()).toEqual({ value: 'jwt-2' });
      expect(secrets.toSorted()).toEqual(
        [endpoint.environment.PKR_VAR_identity_token, 'jwt-1', 'jwt-2'].toSorted(),
      );
      expect((await ask(endpoint.environment, 'Bearer wrong')).status).toBe(403);
      expect((await ask(endpoint.environment, endpoint.environment.PKR_VAR_identity_token)).status).toBe(403);
    } finally {
      await endpoint.close();
    }
  });
});
