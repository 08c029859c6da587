import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator } from '../../../shared/contracts/entities/image-version.ts';
import type { SnapshotLayer, SnapshotStep } from '../../../shared/contracts/snapshot.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { qemu } from '../../../shared/platforms/qemu/index.ts';
import { onPremises, withSettings } from '../../support/on-premises.ts';
import { imageOf } from '../../support/platform-bodies.ts';
import { file, run, secret, shell, step, ulid } from '../../unit/shared/packer/fixtures.ts';
import { full, windows } from '../../unit/shared/platforms/qemu/cases.ts';
import { findProcesses } from './ec2-support.ts';
import { buildByRunner, greetingOf, guest, makeBaseDisk, readFromDisk } from './qemu-support.ts';

const exec = promisify(execFile);
const TOKEN = 'token-0123456789';
const variables = { ssh_password: guest.password, secret_1: TOKEN };
const layerOf = imageOf('image-definition', { access: { communicator: 'ssh', username: guest.username } });
let folder = '';
let base = '';
let images = '';
/** Where the first image is; others are built on it. */
let first: Locator[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qemu-build-'));
  // A space, as in folders of people.
  images = join(folder, 'golden images');
  base = await makeBaseDisk(join(folder, 'base'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A run that builds on the base disk, or on the image of another definition. */
const prepare = (steps: SnapshotStep[], number: number, settings: object = {}, locators?: Locator[]) => {
  const onDisk = imageOf('disk', {
    url: `file://${base}`,
    checksum: 'none',
    access: { communicator: 'ssh', username: guest.username },
  });
  const snapshot = onPremises({
    builderType: 'qemu',
    settings: {
      accelerator: 'tcg',
      memory: 256,
      diskSize: '1G',
      sshPassword: { value: 'in the store' },
      sshTimeout: '2m',
      ...settings,
    },
    connection: 'qemu',
    images: [locators === undefined ? onDisk : layerOf],
  });
  const layer: SnapshotLayer | undefined = locators && {
    imageDefinitionId: `def_${ulid('D')}`,
    imageVersionId: `ver_${ulid('V')}`,
    name: 'Web-Base-v1',
    createdAt: '2026-01-02T03:04:05.678Z',
    locators,
  };
  const identity = { ...run, runId: `run_${ulid(`N${number}`)}`, number };
  return { run: identity, snapshot: { ...snapshot, steps, ...(layer === undefined ? {} : { layer }) } };
};

const build = async (prepared: ReturnType<typeof prepare>, stopAt?: string) => {
  const bundle = compileBundle({ ...prepared, platform: qemu, generation: '1.6' });
  const stop = stopAt === undefined ? {} : { stopAt };
  const built = await buildByRunner({ bundle, variables, imageFolder: images, ...stop });
  const artifact = built.completion?.artifacts[0];
  const context = { ...prepared, accountId: '', host: 'this-machine' };
  return { ...built, locators: artifact === undefined ? [] : qemu.readArtifact(artifact, context) };
};
const foldersOfImages = async () => new Set(await readdir(images).catch(() => []));
const pathOf = ([locator]: Locator[]): string =>
  locator !== undefined && 'host' in locator ? (locator.path ?? '') : '';

describe('a compiled bundle on QEMU, by the runner and Packer 1.6', () => {
  it('builds a disk that holds what the steps wrote, and says where it is (S125, S126, S129)', async () => {
    const steps = [
      step(
        1,
        shell({
          script: `#!/bin/bash
set -eu
[ "$TOKEN" = ${TOKEN} ] && [ "$GOLDSMITH_IMAGE_NAME/$GOLDSMITH_RUN_NUMBER/$GOLDSMITH_STEP" = Web-Base-v1/1/1 ]
printf '%s' "$MOTTO" >/home/${guest.username}/motto
`,
          secretEnvironment: { TOKEN: secret('secretEnvironment/TOKEN') },
        }),
        { MOTTO: 'it\'s ${HOME} %{x} $(id) \\ "' },
      ),
      step(2, file({ destination: '/tmp/motd' })),
      step(3, shell({ script: 'mv /tmp/motd /etc/motd; id -u\n', runAs: 'root' })),
    ];
    const built = await build(prepare(steps, 1));
    expect(built.lines.join('\n')).toContain('\n0\n');
    expect(built.outcome).toBe('succeeded');
    expect(built.lines.join('\n')).not.toContain(TOKEN);
    expect(built.vms[0]?.address).toMatch(/^127\.0\.0\.1:\d{4}$/);

    first = built.locators;
    const path = join(images, `Web-Base-v1-run_${ulid('N1')}`, 'Web-Base-v1');
    expect(first).toEqual([{ role: 'primary', host: 'this-machine', path }]);
    const written = await readFromDisk(path, `/home/${guest.username}/motto`, folder);
    expect(written).toBe('it\'s ${HOME} %{x} $(id) \\ "');
    // Written by the last step, and never flushed but by the machine's own shutdown.
    expect(await readFromDisk(path, '/etc/motd', folder)).toBe('Welcome to {{ this }} ${machine}\n');
  });

  it('leaves nothing when a step fails (S48, S110, S128)', async () => {
    const before = await foldersOfImages();
    const built = await build(prepare([step(1, shell({ script: 'echo boom >&2\nexit 7\n' }))], 2));
    expect([built.outcome, built.completion?.exitCode, built.locators]).toEqual(['failed', 1, []]);
    expect(built.completion?.errors.map(({ text }) => text).join('\n')).toMatch(
      /Script exited with non-zero exit status: 7/,
    );
    expect(await foldersOfImages()).toEqual(before);
  });

  it('builds on the image of another definition, which it leaves as it is', async () => {
    const read = shell({ script: `cat /etc/motd /home/${guest.username}/motto; echo two >~/second\n` });
    const built = await build(prepare([step(1, read)], 3, {}, first));
    expect(built.outcome).toBe('succeeded');
    expect(built.lines.join('\n')).toContain('Welcome to {{ this }} ${machine}');
    expect(await readFromDisk(pathOf(built.locators), `/home/${guest.username}/second`, folder)).toBe(
      'two\n',
    );
    await expect(readFromDisk(pathOf(first), `/home/${guest.username}/second`, folder)).resolves.toBe('');
  });

  it('keeps only what differs from that image when it is asked to', async () => {
    const settings = { useBackingFile: true, skipResizeDisk: true, diskSize: '2G' };
    const built = await build(
      prepare([step(1, shell({ script: 'echo three >~/third\n' }))], 4, settings, first),
    );
    expect(built.outcome).toBe('succeeded');
    const path = pathOf(built.locators);
    const { stdout } = await exec('qemu-img', ['info', '--output=json', path]);
    expect(JSON.parse(stdout)).toMatchObject({
      'backing-filename': pathOf(first),
      'backing-filename-format': 'qcow2',
    });
    expect(await readFromDisk(path, `/home/${guest.username}/third`, folder)).toBe('three\n');
    expect(await readFromDisk(path, '/etc/motd', folder)).toContain('Welcome');
  });

  it('waits for a machine that its last step shuts down, and takes that for no failure (S111)', async () => {
    // The connection ends first, and the machine goes on for a while.
    const script = `echo four >/home/${guest.username}/fourth
exec >/dev/null 2>&1
killall sshd || :
sleep 4
/sbin/poweroff
`;
    const steps = [step(1, shell({ script, runAs: 'root', expectDisconnect: true }))];
    const built = await build(prepare(steps, 5));
    expect(built.outcome).toBe('succeeded');
    expect(await readFromDisk(pathOf(built.locators), `/home/${guest.username}/fourth`, folder)).toBe(
      'four\n',
    );
  });

  it('fails when that machine stays on', async () => {
    const before = await foldersOfImages();
    const steps = [step(1, shell({ script: 'echo going on\n', expectDisconnect: true }))];
    const built = await build(prepare(steps, 6, { shutdownTimeout: '3s' }));
    expect(built.outcome).toBe('failed');
    expect(built.lines).toContain('Timeout while waiting for machine to shut down.');
    expect(await foldersOfImages()).toEqual(before);
  });

  it('keeps the machine of a run that was stopped, where the run says (S47, S82, S83, S84)', async () => {
    const prepared = prepare([step(1, shell({ script: 'echo sleeping; sleep 600\n' }))], 7);
    const stopped = await build(prepared, 'sleeping');
    const disk = join(images, `Web-Base-v7-${prepared.run.runId}`, 'Web-Base-v7');
    const machines = await findProcesses(disk);
    try {
      expect([stopped.outcome, stopped.locators]).toEqual(['stopped', []]);
      expect(machines).toHaveLength(1);
      expect(await greetingOf(stopped.vms[0]?.address ?? '')).toMatch(/^SSH-2\.0-/);
    } finally {
      for (const machine of machines) process.kill(machine, 'SIGKILL');
    }
  });
});

describe('a compiled bundle on QEMU, by Packer alone', () => {
  const packer = async (command: string, snapshot: ReturnType<typeof prepare>['snapshot']) => {
    const bundle = compileBundle({ run, snapshot, platform: qemu, generation: '1.6' });
    const job = await mkdtemp(join(folder, 'job-'));
    const downloads = bundle.downloads.map(({ path }) => ({ path, content: 'an answer file' }));
    for (const { path, content } of [...bundle.files, ...downloads]) {
      await mkdir(dirname(join(job, path)), { recursive: true });
      await writeFile(join(job, path), content);
    }
    const values = Object.fromEntries(bundle.variables.map(({ name }) => [`PKR_VAR_${name}`, 'some value']));
    const given = { PKR_VAR_ssh_password: guest.password, PKR_VAR_image_folder: 'images' };
    const env = {
      PATH: process.env['PATH'],
      HOME: job,
      TMPDIR: job,
      CHECKPOINT_DISABLE: '1',
      ...values,
      ...given,
    };
    const { stdout } = await exec('packer', [command, '-machine-readable', '.'], { cwd: job, env });
    return { job, stdout };
  };

  it('is built as it is, into a folder that one names', async () => {
    const { snapshot } = prepare([step(1, shell({ script: 'uname\n' }))], 8);
    const { job, stdout } = await packer('build', snapshot);
    expect(stdout).toContain('Linux');
    expect(await readdir(join(job, 'images'), { recursive: true })).toContain(
      `Web-Base-v7-${run.runId}/Web-Base-v7`,
    );
  });

  it.each([
    ['an ISO with a boot command and files of the installation', windows],
    ['an ISO, with every setting', full['1.6'][0]],
    ['a disk that is there, with every setting', full['1.6'][1]],
    ['a machine that nobody waits for before the keys', withSettings(windows, { bootWait: '0s' })],
  ])('is valid: %s', async (_, snapshot) => {
    if (snapshot === undefined) throw new Error('no case');
    const { stdout } = await packer('validate', snapshot);
    expect(stdout).not.toMatch(/,error/);
  });
});
