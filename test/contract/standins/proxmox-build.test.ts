import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMachines } from '../../../infra/local/standins/clouds/machines.ts';
import { ensureBaseDisk } from '../../../infra/local/standins/ec2/base-disk.ts';
import type { Locator } from '../../../shared/contracts/entities/image-version.ts';
import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { proxmox } from '../../../shared/platforms/proxmox/index.ts';
import { startAgentApi } from '../../support/agent-api.ts';
import { type FakeProxmox, startFakeProxmox } from '../../support/fake-proxmox.ts';
import { onPremises } from '../../support/on-premises.ts';
import { imageOf } from '../../support/platform-bodies.ts';
import { run as identity, shell, step, ulid } from '../../unit/shared/packer/fixtures.ts';

/** The runner and Debian's Packer against a Proxmox that answers as the real one's documentation says; its machines are real. */

const checkout = resolve(import.meta.dirname, '../../..');
const RUNNER = join(checkout, 'functions/runner/main.ts');
const PASSWORD = 'planted-secret-of-proxmox';
const MACHINE_SSH_PORT = 2222;

let folder = '';
let machines: Awaited<ReturnType<typeof openMachines>>;
let fake: FakeProxmox;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proxmox-build-'));
  machines = await openMachines({
    stateDir: join(folder, 'machines'),
    baseDisk: await ensureBaseDisk(join(checkout, '.goldsmith/cache')),
    network: `127.${64 + Math.floor(Math.random() * 180)}.7`,
    sshPort: MACHINE_SSH_PORT,
  });
  fake = await startFakeProxmox({
    machines,
    machineSshPort: MACHINE_SSH_PORT,
    password: PASSWORD,
    templates: ['debian-12'],
  });
});
afterAll(async () => {
  await fake.close();
  await machines.close();
  await rm(folder, { recursive: true, force: true });
});

const template = imageOf('template', {
  templateName: 'debian-12',
  access: { communicator: 'ssh', username: 'admin' },
});

type Build = { number: number; script: string; image?: object; layer?: Locator[]; settings?: object };

const snapshotOf = ({ script, image = template, layer, settings = {} }: Build): RunSnapshot => {
  const from = onPremises({
    builderType: 'proxmox-clone',
    settings: { node: 'pve1', sshPort: fake.sshPort, sshUsername: 'admin' },
    connection: 'proxmox password',
    images: [image],
  });
  if (from.connection.platform !== 'proxmox') throw new Error('not of Proxmox');
  const { auth } = from.connection.settings;
  const reach = { server: fake.server, auth, caCertificatePem: fake.certificate, ...settings };
  return {
    ...from,
    connection: { ...from.connection, settings: reach },
    steps: [step(1, shell({ script }))],
    ...(layer && {
      layer: {
        imageDefinitionId: `def_${ulid('D')}`,
        imageVersionId: `ver_${ulid('V')}`,
        name: 'Web-Base-v1',
        createdAt: '2026-01-02T03:04:05.678Z',
        locators: layer,
      },
    }),
  };
};

/** Builds by the whole runner, as its own process, up to its end. */
const build = async (what: Build, password = PASSWORD) => {
  const run = { ...identity, number: what.number, runId: `run_${ulid(`N${what.number}`)}` };
  const snapshot = snapshotOf(what);
  const bundle = compileBundle({ run, snapshot, platform: proxmox, generation: '1.6' });
  const api = await startAgentApi({ bundle, claim: { credentials: 'none', variables: { password } } });
  const runner = spawn(process.execPath, [RUNNER], {
    env: { PATH: process.env['PATH'] ?? '', ...api.environment, GOLDSMITH_WORK_DIR: folder },
    stdio: 'ignore',
  });
  await once(runner, 'exit');
  await api.close();
  const { completions, lines, progress } = api.state;
  const [artifact] = completions[0]?.artifacts ?? [];
  return {
    run,
    outcome: completions[0]?.outcome,
    log: lines.map((line) => line?.text ?? '').join('\n'),
    buildVm: progress.map(({ buildVm }) => buildVm).find((vm) => vm !== undefined),
    locators: artifact === undefined ? [] : proxmox.readArtifact(artifact, { snapshot, run, accountId: '' }),
  };
};
const named = (name: string) => [...fake.guests.values()].filter((guest) => guest.name === name);

describe('a build on Proxmox by Packer 1.6.6', () => {
  let first: Awaited<ReturnType<typeof build>>;

  it('makes a template that is named after the definition and says of which run it is (S125, S126, S129)', async () => {
    first = await build({ number: 1, script: 'id -un; sudo sh -c "echo one > /etc/layer"; sync' });
    expect(first).toMatchObject({ outcome: 'succeeded' });
    expect(first.log).toContain('admin');
    const [made] = named('Web-Base-v1');
    expect(made).toMatchObject({ isTemplate: true, isRunning: false });
    expect(made?.config['description']).toContain(`goldsmith:run: ${first.run.runId}`);
    expect(first.locators).toEqual([
      { role: 'primary', host: fake.server, path: `qemu/${made?.id}`, templateName: 'Web-Base-v1' },
    ]);
    expect(first.buildVm).toMatchObject({ kind: 'proxmox-vm', address: '0.0.0.0' });
  });

  it('builds on the image that another run made', async () => {
    const image = imageOf('image-definition', { access: { communicator: 'ssh', username: 'admin' } });
    const script = 'cat /etc/layer; test "$(cat /etc/layer)" = one';
    const second = await build({ number: 2, script, image, layer: first.locators });
    expect(second).toMatchObject({ outcome: 'succeeded' });
    expect(named('Web-Base-v2')).toHaveLength(1);
  });

  it('leaves nothing when a script fails (S128)', async () => {
    const before = [...fake.guests.keys()];
    const failed = await build({ number: 3, script: 'exit 7' });
    expect(failed).toMatchObject({ outcome: 'failed', locators: [] });
    expect(failed.log).toContain('non-zero exit status: 7');
    expect([...fake.guests.keys()]).toEqual(before);
  });

  it('makes nothing when the password is wrong (S149)', async () => {
    const calls = fake.calls.length;
    const refused = await build({ number: 4, script: 'true' }, 'another-password');
    expect(refused).toMatchObject({ outcome: 'failed' });
    expect(refused.log).toContain('401');
    expect(fake.calls.slice(calls)).toEqual(['POST /access/ticket']);
  });

  it('does not talk to a server whose certificate nobody vouches for', async () => {
    const calls = fake.calls.length;
    const unknown = await build({ number: 5, script: 'true', settings: { caCertificatePem: undefined } });
    expect(unknown).toMatchObject({ outcome: 'failed' });
    expect(unknown.log).toContain('certificate signed by unknown authority');
    expect(fake.calls).toHaveLength(calls);
  });

  it('talks to it all the same when the connection says so', async () => {
    const insecure = { caCertificatePem: undefined, insecure: true };
    const refused = await build({ number: 6, script: 'true', settings: insecure }, 'another-password');
    expect(refused.log).toContain('401');
  });
});
