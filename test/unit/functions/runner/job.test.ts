import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Send } from '../../../../functions/runner/http-call.ts';
import { BundleError, fetchBundle } from '../../../../functions/runner/job-bundle.ts';
import { createJobFolder, writeBundleFiles } from '../../../../functions/runner/job-folder.ts';
import { packerEnvironment } from '../../../../functions/runner/packer-environment.ts';
import { refuseGeneration } from '../../../../functions/runner/packer-version.ts';
import { readSettings } from '../../../../functions/runner/settings.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { bundleOf } from '../../../support/agent-api.ts';
import { createFastClock } from './fake-time.ts';

let base = '';
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'job-test-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('the job folder', () => {
  it('belongs to its user alone and is gone afterwards', async () => {
    const folder = await createJobFolder(path.join(base, 'work', 'dir'));
    const { root, files, home, temporary, cache, config } = folder;
    for (const each of [root, files, home, temporary, cache, config]) {
      expect((await stat(each)).mode & 0o777).toBe(0o700);
    }
    await writeBundleFiles(files, bundleOf({ 'image.pkr.json': '{}', 'scripts/deep/1.sh': 'echo' }).files);
    expect((await stat(path.join(files, 'scripts/deep/1.sh'))).mode & 0o777).toBe(0o600);
    await folder.remove();
    expect(await readdir(path.join(base, 'work', 'dir'))).toEqual([]);
  });

  it('is another one for each job', async () => {
    const roots = await Promise.all([createJobFolder(base), createJobFolder(base)]);
    expect(roots[0].root).not.toBe(roots[1].root);
  });

  const write = (filePath: string, content = 'x', checksum = sha256(content)) =>
    writeBundleFiles(base, [{ path: filePath, content, sha256: checksum }]);

  it.each(['../evil', '/etc/evil', 'a/../../evil', '..', '.', ''])(
    'takes no file at %j',
    async (filePath) => {
      await expect(write(filePath)).rejects.toThrow(BundleError);
    },
  );

  it('takes no file that was altered, and none twice', async () => {
    await expect(write('a', 'x', sha256('y'))).rejects.toThrow('A file was altered: a');
    await write('b');
    await expect(write('b', 'other')).rejects.toThrow('A file could not be written: b');
    expect(await readFile(path.join(base, 'b'), 'utf8')).toBe('x');
  });

  it('does not write through a link', async () => {
    await symlink(path.join(base, 'outside'), path.join(base, 'link'));
    await expect(write('link')).rejects.toThrow(BundleError);
  });

  it('keeps text of any language byte by byte', async () => {
    const content = 'größe\r\n🧰\n';
    await write('text', content);
    expect(await readFile(path.join(base, 'text'), 'utf8')).toBe(content);
  });
});

describe('fetching the bundle', () => {
  const bytes = JSON.stringify(bundleOf({ 'image.pkr.json': '{}' }));
  const announced = { url: 'http://store/bundle?signature=s3cr3t', sha256: sha256(bytes) };
  const fetchWith = (answers: (() => Response)[], announcement = announced) => {
    const clock = createFastClock();
    const until = clock.now() + 60_000;
    const seen: RequestInit[] = [];
    const urls: string[] = [];
    let { url } = announcement;
    const links = {
      now: () => ({ bundle: { ...announcement, url }, downloads: {} }),
      renew: async () => {
        url += '+';
      },
    };
    const send: Send = async (asked, init) => {
      seen.push(init);
      urls.push(asked);
      return (answers.length > 1 ? answers.shift() : answers[0])?.() ?? Response.error();
    };
    const result = fetchBundle({ send, clock, random: () => 0.5 }, links, { until: () => until });
    return { seen, urls, result, clock, until };
  };

  it('tries again until it is there', async () => {
    const failing = [
      () => new Response('', { status: 503 }),
      () => {
        throw new TypeError('fetch failed');
      },
      () => new Response(bytes),
    ];
    await expect(fetchWith(failing).result).resolves.toMatchObject({ generation: '1.6' });
  });

  it('asks for a new link when the old one is refused, at most four times (S65)', async () => {
    const refused = () => new Response('', { status: 403 });
    const late = fetchWith([refused, refused, () => new Response(bytes)]);
    await expect(late.result).resolves.toMatchObject({ generation: '1.6' });
    expect(late.urls).toEqual([announced.url, `${announced.url}+`, `${announced.url}++`]);
    const never = fetchWith([refused]);
    await expect(never.result).rejects.toThrow('refused with status 403');
    expect(never.urls).toHaveLength(5);
  });

  it('is tried to the very end of its time', async () => {
    const { result, clock, until } = fetchWith([() => new Response('', { status: 503 })]);
    await expect(result).rejects.toThrow(BundleError);
    expect(clock.now()).toBe(until);
  });

  it('sends no token to the store', async () => {
    const { seen, result } = fetchWith([() => new Response(bytes)]);
    await result;
    expect(seen[0]?.headers).toBeUndefined();
  });

  it.each([
    ['refused', () => new Response('', { status: 403 }), 'refused with status 403'],
    ['altered', () => new Response(`${bytes} `), 'checksum'],
    ['away', () => new Response('', { status: 500 }), 'could not be fetched: status 500'],
  ])('fails without the signed address when it is %s', async (_name, answer, message) => {
    const { result } = fetchWith([answer]);
    await expect(result).rejects.toThrow(BundleError);
    await expect(result).rejects.toThrow(message);
    await expect(result).rejects.not.toThrow('s3cr3t');
  });

  it.each(['not json', '{}', JSON.stringify({ ...bundleOf({}), generation: '1.5' })])(
    'fails when it is not what the contract says: %s',
    async (text) => {
      const { result } = fetchWith([() => new Response(text)], { ...announced, sha256: sha256(text) });
      await expect(result).rejects.toThrow('The job bundle is not valid');
    },
  );
});

describe('the environment of Packer', () => {
  const folder = {
    root: '/r',
    files: '/r/job',
    home: '/r/home',
    temporary: '/r/tmp',
    cache: '/r/cache',
    config: '/r/cfg',

    remove: async () => undefined,
  };
  const environment = (own: NodeJS.ProcessEnv) =>
    packerEnvironment({
      own,
      folder,
      variables: { password: 'top-secret' },
      nonce: 'n0nce',
      credentials: { A: 'b' },
    });

  it('holds what Packer needs and the job gives', () => {
    expect(environment({ PATH: '/bin', AWS_ENDPOINT_URL_EC2: 'http://x', HTTPS_PROXY: 'http://p' })).toEqual({
      PATH: '/bin',
      AWS_ENDPOINT_URL_EC2: 'http://x',
      HTTPS_PROXY: 'http://p',
      PKR_VAR_password: 'top-secret',
      PKR_VAR_goldsmith_nonce: 'n0nce',
      HOME: '/r/home',
      TMPDIR: '/r/tmp',
      PACKER_CACHE_DIR: '/r/cache',
      PACKER_CONFIG_DIR: '/r/cfg',
      PACKER_NO_COLOR: '1',
      CHECKPOINT_DISABLE: '1',
      GOLDSMITH_LOGIN_FILE: '/r/login',
      AWS_EC2_METADATA_DISABLED: 'true',
      A: 'b',
    });
  });

  it.each([
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    'AWS_PROFILE',
    'GOLDSMITH_CLAIM_TOKEN',
    'GOLDSMITH_API_URL',
    'PKR_VAR_other',
    'PACKER_LOG',
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'CODEBUILD_BUILD_ID',
    'XPATH',
  ])('does not hold the %s of the machine', (name) => {
    expect(environment({ [name]: 'x' })[name]).toBeUndefined();
  });

  it('trusts the authorities of the job beside those of the machine', async () => {
    const ofJob = path.join(base, 'authorities');
    const trusted = (own: NodeJS.ProcessEnv) =>
      packerEnvironment({
        own,
        folder: { ...folder, files: base },
        variables: {},
        nonce: 'n',
        credentials: {},
      });
    expect(trusted({})['SSL_CERT_DIR']).toBeUndefined();
    await mkdir(ofJob);
    expect(trusted({})['SSL_CERT_DIR']).toBe(`/etc/ssl/certs:/etc/pki/tls/certs:${ofJob}`);
    expect(trusted({ SSL_CERT_DIR: '/corporate' })['SSL_CERT_DIR']).toBe(`/corporate:${ofJob}`);
    expect(trusted({ SSL_CERT_FILE: '/ca.pem' })['SSL_CERT_FILE']).toBe('/ca.pem');
  });

  it('cannot have its nonce replaced by a variable of the job', () => {
    const variables = { goldsmith_nonce: 'known' };
    const values = packerEnvironment({ own: {}, folder, variables, nonce: 'n0nce', credentials: {} });
    expect(values['PKR_VAR_goldsmith_nonce']).toBe('n0nce');
  });
});

describe('the settings', () => {
  const given = {
    GOLDSMITH_API_URL: 'http://127.0.0.1:4566/_aws/execute-api/abc/$default/',
    GOLDSMITH_WORKSPACE_ID: 'ws_1',
    GOLDSMITH_RUN_ID: 'run_1',
    GOLDSMITH_CLAIM_TOKEN: 'tok-secret',
  };

  it('say where images go: where somebody said, else below the work folder, and never in a job', () => {
    const folderOf = (more: NodeJS.ProcessEnv) => readSettings({ ...given, ...more }).imageFolder;
    expect(folderOf({ GOLDSMITH_WORK_DIR: '/var/work' })).toBe('/var/work/goldsmith/images');
    expect(folderOf({ GOLDSMITH_IMAGE_FOLDER: '/srv/images' })).toBe('/srv/images');
    // Packer runs in the folder of the job.
    expect(folderOf({ GOLDSMITH_IMAGE_FOLDER: 'images' })).toBe(path.resolve('images'));
  });

  it('are read once: the token is gone from the environment', () => {
    const environment: NodeJS.ProcessEnv = { ...given };
    const settings = readSettings(environment);
    expect(settings).toMatchObject({
      apiUrl: given.GOLDSMITH_API_URL.slice(0, -1),
      claimToken: 'tok-secret',
      packer: 'packer',
    });
    expect(environment['GOLDSMITH_CLAIM_TOKEN']).toBeUndefined();
  });

  it('name what is wrong without a value, and still take the token away', () => {
    const environment: NodeJS.ProcessEnv = {
      ...given,
      GOLDSMITH_API_URL: 'ftp://tok-secret',
      GOLDSMITH_RUN_ID: '',
    };
    expect(() => readSettings(environment)).toThrow(/GOLDSMITH_API_URL, GOLDSMITH_RUN_ID$/);
    expect(environment['GOLDSMITH_CLAIM_TOKEN']).toBeUndefined();
  });

  it('find Packer from wherever it is run', () => {
    expect(readSettings({ ...given, GOLDSMITH_PACKER: './bin/packer' }).packer).toBe(
      path.resolve('bin/packer'),
    );
  });
});

describe('the version of Packer', () => {
  it('must fit the dialect of the job', () => {
    expect(refuseGeneration({ version: '1.6.6', generation: '1.6' }, '1.6')).toBeUndefined();
    expect(refuseGeneration({ version: '1.6.6', generation: '1.6' }, 'modern')).toContain(
      'needs 1.15.1 or later',
    );
    expect(refuseGeneration({ version: '1.9.5', generation: undefined }, '1.6')).toContain('Packer 1.9.5');
    expect(refuseGeneration(undefined, 'modern')).toContain('could not be started');
  });
});
