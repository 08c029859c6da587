import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { proxyVariables } from '../../../../infra/constructs/build-network.ts';
import { buildSpecOf } from '../../../../infra/constructs/build-spec.ts';
import { bundleOf, startAgentApi } from '../../../support/agent-api.ts';
import { createFakePacker, PRINT_ARTIFACT } from './fake-packer.ts';
import { putBehindProxy } from './forward-proxy.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const RUNNER = pathToFileURL(path.join(import.meta.dirname, '../../../../functions/runner/main.ts')).href;

/** What a plugin of Packer does: asks the outside, and asks the runner for credentials. */
const ASKS = [
  'curl --silent --show-error --max-time 20 --output "$FAKE/outside" "$OUTSIDE" 2> "$FAKE/outside-error"',
  'curl --silent --show-error --max-time 20 --output "$FAKE/credentials" --header "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"',
  PRINT_ARTIFACT,
].join('\n');

/** Runs the commands of a pool's buildspec as CodeBuild does: in one shell, with the project's variables. */
const build = async (pool: { isTrusted: boolean; program: string }) => {
  const credentials = () => ({
    AccessKeyId: 'AKIAEXAMPLE',
    SecretAccessKey: 'a-secret-access-key',
    Token: 'a-session-token',
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const bundle = bundleOf({ 'image.pkr.json': '{}' }, { steps: [] });
  const api = await startAgentApi({ bundle, claim: { credentials: 'aws' }, credentials });
  const fake = await createFakePacker({
    build: `OUTSIDE=https://api.goldsmith.test/bundle?claim=1\n${ASKS}`,
  });
  open.push(api.close, fake.remove);
  const behind = await putBehindProxy(fake.folder, api.url);
  open.push(behind.close);
  const certificates = pool.isTrusted ? [behind.authority.trim()] : [];
  const { phases } = buildSpecOf({ source: 'system', generation: '1.6' }, { isProxied: true, certificates });
  await writeFile(path.join(fake.folder, 'runner.mjs'), pool.program);
  const shell = spawn('/bin/sh', ['-e', '-c', phases.build.commands.join('\n')], {
    cwd: fake.folder,
    env: {
      PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`,
      CODEBUILD_SRC_DIR: fake.folder,
      ...proxyVariables({ http: behind.proxyUrl, https: behind.proxyUrl }),
      ...api.environment,
      GOLDSMITH_API_URL: behind.url,
      GOLDSMITH_PACKER: fake.packer,
      GOLDSMITH_WORK_DIR: fake.workDir,
    },
  });
  open.push(async () => void shell.kill('SIGKILL'));
  return { api, behind, fake, shell };
};

describe('a build in a pool with a proxy and an authority of its own', () => {
  it('reaches the API and the platforms through the proxy, and its own credentials past it', async () => {
    const { api, behind, fake, shell } = await build({
      isTrusted: true,
      program: `await import(${JSON.stringify(RUNNER)});\n`,
    });
    const [output, errors] = await Promise.all([
      text(shell.stdout),
      text(shell.stderr),
      once(shell, 'close'),
    ]);
    expect([shell.exitCode, errors]).toEqual([0, '']);
    expect(output).toContain('Handed over: succeeded');
    expect(api.state.completions).toMatchObject([{ outcome: 'succeeded' }]);
    expect(new Set(behind.asked)).toEqual(new Set(['CONNECT api.goldsmith.test:443']));
    const found = (name: string) => readFile(path.join(fake.folder, name), 'utf8');
    expect(await found('outside-error')).toBe('');
    expect(await found('outside')).toContain('image.pkr.json');
    expect(JSON.parse(await found('credentials'))).toMatchObject({ AccessKeyId: 'AKIAEXAMPLE' });
    const environment = (await found('environment')).split('\n');
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])
      expect(environment).toContain(`${name}=${behind.proxyUrl}`);
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(environment.find((one) => one.startsWith(`${name}=`))).toMatch(/=localhost,127\.0\.0\.1,/);
    const all = path.join(fake.folder, 'authorities/all.pem');
    for (const name of ['SSL_CERT_FILE', 'AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'])
      expect(environment).toContain(`${name}=${all}`);
    const trusted = await readFile(all, 'utf8');
    expect(trusted).toContain(behind.authority.trim());
    expect(trusted).toContain((await readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8')).trim());
  });

  it('trusts nobody else: without the authority it gets no further than the proxy', async () => {
    const program =
      'await fetch(process.env.GOLDSMITH_API_URL).catch(({ cause }) => console.log(cause.code));\n';
    const { behind, shell } = await build({ isTrusted: false, program });
    const [output] = await Promise.all([text(shell.stdout), once(shell, 'close')]);
    expect(output.trim()).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(behind.asked).toEqual(['CONNECT api.goldsmith.test:443']);
  });
});
