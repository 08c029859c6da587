import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchLogin } from '../../../../functions/runner/login-watch.ts';
import { createRedactor } from '../../../../functions/runner/redactor.ts';
import { PRINT_ARTIFACT, printMarker } from './fake-packer.ts';
import { begin, ENDLESS, leftBehind, run, textsOf } from './run-harness.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const keyOf = (modulusLength: number): string => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
};
const key = keyOf(2048);

type Told = { type?: string; host?: string; user?: string; password?: string; key?: string; port?: number };
/** The file as Packer's shell writes it. */
const fileOf = ({ port = 2222, ...texts }: Told): string => {
  const all = { type: 'ssh', host: '10.0.0.4', user: 'admin', password: '', key: '', ...texts };
  return [...Object.entries(all).map(([word, text]) => `${word} ${base64(text)}`), `port ${port}`, ''].join(
    '\n',
  );
};
/** Shell code of a fake Packer that writes it. */
const writing = (told: Told): string => `cat > $GOLDSMITH_LOGIN_FILE <<'END'\n${fileOf(told)}END\n`;
const asSsh = { communicator: 'ssh', host: '10.0.0.4', port: 2222, user: 'admin' };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'login-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What is made of a file with this text. */
const read = async (text: string) => {
  const file = path.join(folder, 'login');
  await writeFile(file, text);
  const redactor = createRedactor();
  const watch = watchLogin({ file, redactor, hasBegun: () => false });
  return { login: watch.login(), redact: redactor.redact, left: await readdir(folder) };
};

describe('the login that Packer writes', () => {
  it('is read with key and password, and both are hidden in every line and alignment (S83)', async () => {
    const password = 'Pa55 word"\n$';
    const { login, redact, left } = await read(fileOf({ key, password }));
    expect(left).toEqual([]);
    expect(login).toEqual({ ...asSsh, privateKey: key, password });
    for (const line of key.split('\n').slice(1, -2)) {
      expect(redact(`x ${line}`)).not.toContain(line);
      expect(redact(`{"key":"${JSON.stringify(key)}"}`)).not.toContain(line);
    }
    expect(redact(base64(key))).not.toContain(base64(key).slice(100, 140));
    expect(redact('-----BEGIN RSA PRIVATE KEY-----')).toBe('-----BEGIN RSA PRIVATE KEY-----');
    expect(redact(JSON.stringify(password))).not.toContain('Pa55');
  });

  it('takes a key of 4096 bits, and leaves out what the API would refuse', async () => {
    const big = keyOf(4096);
    expect((await read(fileOf({ key: big }))).login).toEqual({ ...asSsh, privateKey: big });
    const huge = 'x'.repeat(4097);
    const { login, redact } = await read(fileOf({ key, password: huge }));
    expect(login).toEqual({ ...asSsh, privateKey: key });
    expect(redact(huge)).not.toContain('xxxx');
  });

  it.each([
    ['neither key nor password', fileOf({})],
    ['no user', fileOf({ key, user: '' })],
    ['a communicator that is no login', fileOf({ key, type: 'docker' })],
    ['nothing at all', ''],
    ['what is no base64', 'type %%%\nuser \u0000\nkey ===\nport x\n'],
  ])('is none with %s', async (_case, text) => {
    expect((await read(text)).login).toBeUndefined();
  });

  it('is told without host and port where Packer has none', async () => {
    const { login } = await read(fileOf({ type: 'winrm', host: '', port: 0, password: 'a password' }));
    expect(login).toEqual({ communicator: 'winrm', user: 'admin', password: 'a password' });
  });

  it('is not looked for any more once a step has begun without it', async () => {
    const file = path.join(folder, 'login');
    const watch = watchLogin({ file, redactor: createRedactor(), hasBegun: () => true });
    watch.look();
    await writeFile(file, fileOf({ key }));
    expect(watch.login()).toBeUndefined();
  });
});

describe('a build that wrote its login', () => {
  const printed = `say message "    null.image: ${key.split('\n')[5]}"`;
  const endless = `${writing({ key })}\n${printMarker(1, 2, 'begin')}; ${printed}; ${ENDLESS}`;

  it('hands it over when it is stopped, after hiding it in all that it says (S82, S83)', async () => {
    const { api, fake, ended } = await begin({ build: endless });
    await api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    api.state.stop = true;
    expect(await ended).toBe('stopped');
    expect(api.state.completions).toMatchObject([{ login: { ...asSsh, privateKey: key } }]);
    expect(textsOf(api)).toContain('<redacted>');
    const line = key.split('\n')[5] ?? '';
    expect(api.state.bodies.filter((body) => body.includes(line))).toHaveLength(1);
    expect(await leftBehind(fake)).toEqual([]);
  });

  it('hands none over when it succeeds or fails', async () => {
    const good = await run({ build: `${writing({ key })}\n${PRINT_ARTIFACT}` });
    expect(good.outcome).toBe('succeeded');
    const bad = await run({ build: `${writing({ key })}\nexit 1` });
    expect(bad.outcome).toBe('failed');
    for (const { completion } of [good, bad]) expect(completion?.login).toBeUndefined();
  });
});
