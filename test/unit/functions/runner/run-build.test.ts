import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { downloadKey } from '../../../../shared/contracts/bundle.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { bundleOf } from '../../../support/agent-api.ts';
import { type FakePacker, PRINT_ARTIFACT, printMarker } from './fake-packer.ts';
import { begin, callsOf, leftBehind, run, stepsOf, textsOf } from './run-harness.ts';

describe('a build that succeeds', () => {
  it('is handed over with its artifact, its steps and its log (S49, S59, S76, S129)', async () => {
    const build = [
      printMarker(1, 2, 'begin'),
      'say message "    null.image: hello"',
      printMarker(1, 2, 'end'),
      printMarker(2, 2, 'begin'),
      printMarker(2, 2, 'end'),
      PRINT_ARTIFACT,
    ].join('\n');
    const { api, fake, outcome, completion } = await run({ build });

    expect(outcome).toBe('succeeded');
    expect(completion).toMatchObject({
      outcome: 'succeeded',
      exitCode: 0,
      artifacts: [{ id: 'Null' }],
      errors: [],
    });
    expect(completion?.lastSeq).toBe(api.state.lines.length);
    expect(stepsOf(api)).toEqual(['1 running', '1 succeeded', '2 running', '2 succeeded']);
    expect(await callsOf(fake)).toEqual(['build -machine-readable -on-error=cleanup .']);
  });

  it('has only a clean environment, and no token of the runner', async () => {
    const claim = { variables: { ssh_password: 'a-password-of-the-vm' } };
    const { api, fake } = await run({ build: PRINT_ARTIFACT }, { claim });
    const environment = await readFile(path.join(fake.folder, 'environment'), 'utf8');
    expect(environment).toContain('PKR_VAR_ssh_password=a-password-of-the-vm');
    // Of ours only where Packer writes the VM's login to, a file of the job.
    expect(environment.match(/^GOLDSMITH_\w+/gm)).toEqual(['GOLDSMITH_LOGIN_FILE']);
    expect(environment).not.toContain(api.claimToken);
    expect(environment).not.toContain(api.leaseToken);
  });

  it('has the uploaded files of its job (S91)', async () => {
    const content = 'echo uploaded\n';
    const download = { path: 'steps/001.sh', resourceId: 'res_1', version: 2 };
    const { api, ended, fake } = await begin(
      { build: ['say say "$(cat steps/001.sh)"', PRINT_ARTIFACT].join('\n') },
      {
        bundle: bundleOf(
          { 'image.pkr.json': '{}' },
          { downloads: [{ ...download, sizeBytes: content.length, sha256: sha256(content) }] },
        ),
        claim: { downloads: { [downloadKey(download)]: `data:text/plain,${encodeURIComponent(content)}` } },
      },
    );
    expect(await ended).toBe('succeeded');
    expect(textsOf(api)).toContain('echo uploaded');
    expect(await leftBehind(fake)).toEqual([]);
  });

  it('gets credentials through an endpoint of its own (S65)', async () => {
    const build = [
      `node -e "fetch(process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI, { headers: { authorization: process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN } }).then((r) => r.json()).then((c) => console.log('1,,ui,say,id ' + c.AccessKeyId + ' key ' + c.SecretAccessKey))"`,
      PRINT_ARTIFACT,
    ].join('\n');
    const credentials = () => ({ AccessKeyId: 'AKIA1', SecretAccessKey: 'vended-secret-key' });
    const { texts } = await run({ build }, { credentials, claim: { credentials: 'aws' } });
    expect(texts).toContain('id AKIA1 key <redacted>');
  });

  it('may last longer than an absence of the API: nothing is lost', async () => {
    const build = ['for i in 1 2 3 4 5 6 7 8 9; do say say "line $i"; sleep 0.05; done', PRINT_ARTIFACT].join(
      '\n',
    );
    const { api, ended } = await begin({ build });
    await api.until(({ lines }) => lines.some((line) => line?.text === 'line 2'));
    api.goAway();
    setTimeout(api.comeBack, 600);
    expect(await ended).toBe('succeeded');
    expect(textsOf(api).filter((text) => text.startsWith('line '))).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => `line ${at}`),
    );
  });

  it('stands although a stop comes after its end (S63)', async () => {
    const { api, ended } = await begin(
      { build: PRINT_ARTIFACT },
      {
        fault: (verb, count) => {
          if (verb === 'complete' && count === 1) api.state.stop = true;
          return verb === 'complete' && count === 1 ? { kind: 'status', status: 500 } : undefined;
        },
      },
    );
    expect(await ended).toBe('succeeded');
  });
});

describe('a build that fails', () => {
  it('says why, which step, and skips the others (S60, S110, S151)', async () => {
    const build = [
      printMarker(1, 2, 'begin'),
      'say error "==> null.image: Script exited with non-zero exit status: 3"',
      'exit 1',
    ].join('\n');
    const { api, outcome, completion } = await run({ build });
    expect(outcome).toBe('failed');
    expect(completion).toMatchObject({ exitCode: 1, artifacts: [] });
    const error = completion?.errors[0];
    expect(error).toMatchObject({ step: 1, text: 'Script exited with non-zero exit status: 3' });
    expect(api.state.lines[(error?.seq ?? 0) - 1]?.text).toBe(error?.text);
    expect(stepsOf(api)).toEqual(['1 running', '1 failed', '2 skipped']);
  });

  it('is handed over in the words with which Packer refused the template (S152)', async () => {
    const { completion } = await run({ build: 'say error "Error: Unset variable"; exit 1' });
    expect(completion).toMatchObject({
      outcome: 'failed',
      exitCode: 1,
      errors: [{ step: null, text: 'Error: Unset variable' }],
    });
  });

  it('fails when Packer names no image, whatever its exit code (S128)', async () => {
    const { completion } = await run({ build: "echo '1,null.image,artifact-count,0'" });
    expect(completion).toMatchObject({ outcome: 'failed', exitCode: 0, artifacts: [] });
    expect(completion?.errors.at(-1)?.text).toContain('named no image');
  });

  it('fails although it named an image, when it ended with an error', async () => {
    const { completion } = await run({ build: `${PRINT_ARTIFACT}\nexit 1` });
    expect(completion).toMatchObject({ outcome: 'failed', exitCode: 1, artifacts: [] });
  });

  it('fails when somebody else kills Packer', async () => {
    const { completion } = await run({ build: 'kill -KILL $$' });
    expect(completion).toMatchObject({ outcome: 'failed', exitCode: null });
    expect(completion?.errors.at(-1)?.text).toContain('SIGKILL');
  });

  it('keeps what Packer prints when it crashes', async () => {
    const { completion } = await run({ build: 'echo "panic: runtime error" >&2; exit 2' });
    expect(completion?.errors.map(({ text }) => text)).toContain('panic: runtime error');
  });

  it.each([
    ['a Packer of another generation', "echo '1,,version,1.16.0'", 'the job needs 1.6.x'],
    ['a Packer that says no version', 'exit 1', 'could not be started'],
    ['a Packer that is not safe to use', "echo '1,,version,1.9.5'", 'This machine has Packer 1.9.5'],
  ])('fails with a line that says so for %s (S153)', async (_name, version, text) => {
    const { outcome, completion } = await run({ version });
    expect(outcome).toBe('failed');
    expect(completion?.errors[0]?.text).toContain(text);
  });

  it('fails with a line that says so when the bundle was altered (S153)', async () => {
    const bundle = bundleOf({ 'image.pkr.json': '{}' });
    bundle.files.push({ path: 'evil.sh', content: 'x', sha256: '0'.repeat(64) });
    const { completion, fake } = await run({}, { bundle });
    expect(completion?.errors[0]?.text).toBe('A file was altered: evil.sh');
    await expect(callsOf(fake)).rejects.toThrow('ENOENT');
  });
});

describe('a machine that is not fit', () => {
  it('for want of a folder to work in still hands the failure over (S153)', async () => {
    const { api, fake, ended } = await begin({ build: PRINT_ARTIFACT });
    await writeFile(fake.workDir, 'a file is where the folder should be');
    expect(await ended).toBe('failed');
    expect(api.state.completions[0]?.errors[0]?.text).toContain('The runner failed: ');
  });

  it('for a job whose variables are too big for any process says so', async () => {
    const { completion } = await run(
      { build: PRINT_ARTIFACT },
      { claim: { variables: { key: 'x'.repeat(200_000) } } },
    );
    expect(completion).toMatchObject({ outcome: 'failed', exitCode: null });
    expect(completion?.errors[0]?.text).toContain('E2BIG');
  });
});

describe('plugins', () => {
  const files = { 'image.pkr.json': '{}', 'plugins.pkr.json': '{}' };
  const version = "echo '1,,version,1.16.0'";
  const initCalls = async (fake: FakePacker) =>
    (await callsOf(fake)).filter((call) => call.startsWith('init'));

  it('are what a modern Packer is asked for first: of those that the machine has it fetches none', async () => {
    const bundle = bundleOf(files, { generation: 'modern' });
    const { fake, outcome } = await run({ version, build: PRINT_ARTIFACT }, { bundle });
    expect(outcome).toBe('succeeded');
    expect(await initCalls(fake)).toEqual(['init -machine-readable .']);
  });

  it('are built into Packer 1.6, which does not know the command', async () => {
    const bundle = bundleOf({ 'image.pkr.json': '{}' });
    const { fake, outcome } = await run({ build: PRINT_ARTIFACT }, { bundle });
    expect(outcome).toBe('succeeded');
    expect(await initCalls(fake)).toEqual([]);
  });

  it('that cannot be fetched fail the run', async () => {
    const bundle = bundleOf(files, { generation: 'modern' });
    const { outcome, fake } = await run({ version, init: 'say error "no network"; exit 1' }, { bundle });
    expect(outcome).toBe('failed');
    expect(await callsOf(fake)).toHaveLength(1);
  });
});

describe('output', () => {
  it('that floods arrives whole and in order', async () => {
    const build = `i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "1,,ui,message,    null.image: line $i"; done; ${PRINT_ARTIFACT}`;
    const { texts } = await run({ build });
    expect(texts.filter((text) => text.startsWith('line '))).toEqual(
      Array.from({ length: 3000 }, (_, at) => `line ${at + 1}`),
    );
  });

  it('is complete although a build VM still holds it open', async () => {
    const build = `sleep 20 & echo $! > $FAKE/vm; say say last; ${PRINT_ARTIFACT}`;
    const { fake, ended, api } = await begin({ build });
    expect(await ended).toBe('succeeded');
    expect(textsOf(api)).toContain('last');
    process.kill(Number(await readFile(path.join(fake.folder, 'vm'), 'utf8')), 'SIGKILL');
  });

  it('never brings a secret to the API, in no request of any kind', async () => {
    const claim = {
      variables: { ssh_password: 'pa55, word\\n"quoted"' },
      redact: ['connection-key-material'],
    };
    const build = [
      'say message "    null.image: $PKR_VAR_ssh_password"',
      'say error "==> null.image: $(printf %s "$PKR_VAR_ssh_password" | base64)"',
      `printf '%s\\n' "$PKR_VAR_ssh_password" >&2`,
      'say say "connection-key-material $AWS_CONTAINER_AUTHORIZATION_TOKEN"',
      `printf '1,null.image,artifact,0,string,%s\\n' "$PKR_VAR_ssh_password"`,
      PRINT_ARTIFACT,
    ].join('\n');
    const { api, texts } = await run({ build }, { claim });
    const sent = api.state.bodies.join('\n');
    expect(texts.filter((text) => text.includes('<redacted>')).length).toBeGreaterThanOrEqual(4);
    for (const part of [
      'pa55',
      'quoted',
      'connection-key',
      Buffer.from('pa55, word').toString('base64').slice(0, 12),
    ]) {
      expect(sent).not.toContain(part);
    }
  });
});

describe('images that are files of this machine', () => {
  const version = "echo '1,,version,1.6.6'";
  const bundle = bundleOf(
    { 'image.pkr.json': '{}' },
    { variables: [{ name: 'image_folder', from: 'runner' }] },
  );
  const build = `mkdir $PKR_VAR_image_folder/made\n${PRINT_ARTIFACT}`;

  it('are put where they outlive the job', async () => {
    const { fake, ended } = await begin({ version, build }, { bundle });
    expect(await ended).toBe('succeeded');
    const folder = path.join(fake.workDir, 'goldsmith/images');
    expect(await readFile(path.join(fake.folder, 'environment'), 'utf8')).toContain(
      `PKR_VAR_image_folder=${folder}\n`,
    );
    expect(await readdir(folder)).toEqual(['made']);
    expect(await leftBehind(fake)).toEqual(['goldsmith']);
  });

  it('have no folder where no template asks for it', async () => {
    const { fake, outcome } = await run({ version, build: PRINT_ARTIFACT });
    expect(outcome).toBe('succeeded');
    expect(await readFile(path.join(fake.folder, 'environment'), 'utf8')).not.toContain('image_folder');
  });

  it('fail the run when the folder cannot be made', async () => {
    const { fake, api, ended } = await begin({ version, build }, { bundle });
    await mkdir(fake.workDir, { recursive: true });
    await writeFile(path.join(fake.workDir, 'goldsmith'), 'a file is where the folder should be');
    expect(await ended).toBe('failed');
    expect(textsOf(api).join('\n')).toContain('The folder for images could not be made');
  });
});
