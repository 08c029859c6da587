import { execFile } from 'node:child_process';
import {
  accessSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cleanUpLinux } from '../../../../shared/samples/scripts/clean-up-linux.ts';
import { hardenKernel } from '../../../../shared/samples/scripts/harden-kernel.ts';
import { hardenSsh } from '../../../../shared/samples/scripts/harden-ssh.ts';
import { updateLinux } from '../../../../shared/samples/scripts/update-linux.ts';

/** The scripts run with the real shell in a folder that stands for the machine; programs that change one are fakes. */

let root = '';
const path = (file: string) => join(root, file);
const read = (file: string) => readFileSync(path(file), 'utf8');
const write = (file: string, text = '', mode = 0o644) => {
  mkdirSync(dirname(path(file)), { recursive: true });
  writeFileSync(path(file), text, { mode });
};
/** A program that notes how it was called. */
const fake = (name: string, exitCode = 0) =>
  write(`bin/${name}`, `#!/bin/sh\necho "${name} $*" >>${path('calls')}\nexit ${exitCode}\n`, 0o755);
const calls = () => (existsSync(path('calls')) ? read('calls').trim().split('\n') : []);

const TOOLS = ['cat', 'find', 'grep', 'ln', 'mkdir', 'rm', 'sed', 'sync', 'truncate', 'sh'];
const locate = (tool: string) =>
  ['/usr/bin', '/bin'].map((folder) => join(folder, tool)).find((file) => existsSync(file)) ?? tool;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'goldsmith-sample-'));
  mkdirSync(path('bin'));
  for (const tool of TOOLS) symlinkSync(locate(tool), path(`bin/${tool}`));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Outcome = { exitCode: number; output: string };
const run = (script: string): Promise<Outcome> => {
  const text = script.replaceAll(/(?<![\w.}*/])\/(etc|var|root|home|run|usr)(?=[/ \n;])/g, `${root}/$1`);
  // What is left of the machine's own folders would be the real ones.
  expect(text.replaceAll(root, 'root:')).not.toMatch(/(?<!root:)\/(etc|var|root|home|run|usr)\b/);
  write('script', text);
  return new Promise((done) => {
    execFile(path('bin/sh'), [path('script')], { env: { PATH: path('bin') } }, (error, stdout, stderr) => {
      done({ exitCode: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
};
const twice = async (script: string, look: () => unknown) => {
  expect(await run(script)).toMatchObject({ exitCode: 0 });
  const first = look();
  expect(await run(script)).toMatchObject({ exitCode: 0 });
  expect(look()).toEqual(first);
};

describe('the update of packages', () => {
  test('takes apt where it is, without a question', async () => {
    fake('apt-get');
    expect(await run(updateLinux)).toMatchObject({ exitCode: 0 });
    expect(calls().map((call) => call.split(' ').at(-1))).toEqual(['update', 'dist-upgrade', '--purge']);
    expect(calls().every((call) => call.startsWith('apt-get -y '))).toBe(true);
  });

  test('takes dnf else, and the newest release on Amazon Linux only', async () => {
    fake('dnf');
    write('etc/os-release', 'ID="rocky"\n');
    await run(updateLinux);
    write('etc/os-release', 'NAME="Amazon Linux"\nID="amzn"\n');
    await run(updateLinux);
    const upgrades = calls().filter((call) => call.includes('upgrade'));
    expect(upgrades).toEqual(['dnf -y --refresh upgrade', 'dnf -y --refresh upgrade --releasever=latest']);
  });

  test('fails when a package cannot be installed, and on a system that it does not know', async () => {
    fake('apt-get', 100);
    expect((await run(updateLinux)).exitCode).toBe(100);
    rmSync(path('bin/apt-get'));
    const other = await run(updateLinux);
    expect(other.exitCode).toBe(1);
    expect(other.output).toContain('does not fit the operating system');
  });

  test.each([0, 1, 2])('goes on when cloud-init ended with %i', async (exitCode) => {
    fake('cloud-init', exitCode);
    fake('apt-get');
    expect(await run(updateLinux)).toMatchObject({ exitCode: 0 });
    expect(calls()[0]).toBe('cloud-init status --wait');
  });
});

describe('the hardening of the SSH server', () => {
  const settings = 'etc/ssh/sshd_config.d/00-hardening.conf';
  beforeEach(() => fake('sshd'));

  test('is read first, checked, and the same when it is done again', async () => {
    write('etc/ssh/sshd_config', `Include ${path('etc')}/ssh/sshd_config.d/*.conf\nPort 22\n`);
    await twice(hardenSsh, () => [read(settings), read('etc/ssh/sshd_config')]);
    expect(read(settings)).toMatch(/^PermitRootLogin no$/m);
    expect(read(settings)).toMatch(/^PasswordAuthentication no$/m);
    expect(calls()).toEqual(['sshd -t', 'sshd -t']);
  });

  test('is included where the configuration does not include its folder yet, once', async () => {
    write('etc/ssh/sshd_config', 'Port 22\nPasswordAuthentication yes\n');
    await twice(hardenSsh, () => read('etc/ssh/sshd_config'));
    expect(read('etc/ssh/sshd_config').split('\n')[0]).toContain('Include');
  });

  test('is taken back when sshd refuses it: the machine can still be reached', async () => {
    write('etc/ssh/sshd_config', 'Port 22\n');
    fake('sshd', 255);
    expect(await run(hardenSsh)).toMatchObject({ exitCode: 1 });
    expect(existsSync(path(settings))).toBe(false);
  });
});

describe('the hardening of the kernel', () => {
  test('is written and applied, and the same when it is done again', async () => {
    fake('sysctl');
    write('etc/sysctl.d/.keep');
    await twice(hardenKernel, () => read('etc/sysctl.d/90-hardening.conf'));
    expect(read('etc/sysctl.d/90-hardening.conf')).toMatch(/^kernel\.kptr_restrict = 2$/m);
    expect(read('etc/security/limits.d/90-no-core-dumps.conf')).toBe('* hard core 0\n');
    expect(calls()[0]).toBe(`sysctl -e -p ${path('etc/sysctl.d/90-hardening.conf')}`);
  });
});

describe('the clean-up', () => {
  const host = 'etc/ssh/ssh_host_ed25519_key';
  beforeEach(() => {
    fake('apt-get');
    fake('journalctl');
    write(host, 'KEY');
    write(`${host}.pub`, 'KEY');
    write('etc/machine-id', '0123456789abcdef\n');
    write('var/lib/dbus/machine-id', '0123456789abcdef\n');
    write('home/ubuntu/.ssh/authorized_keys', 'ssh-ed25519 BUILD');
    write('home/ubuntu/.bash_history', 'secret');
    write('root/.ssh/authorized_keys', 'ssh-ed25519 BUILD');
    write('var/log/syslog', 'what happened');
    write('var/log/syslog.1', 'before');
    write('var/log/apt/history.log.2.gz', 'long ago');
    write('var/lib/apt/lists/archive', 'packages');
  });

  test('takes out identity, keys, histories and logs, and can be done again', async () => {
    fake('cloud-init');
    await twice(cleanUpLinux, () => [read('etc/machine-id'), read('var/log/syslog')]);
    expect(read('etc/machine-id')).toBe('');
    expect(read('var/log/syslog')).toBe('');
    const gone = [host, `${host}.pub`, 'home/ubuntu/.ssh/authorized_keys', 'root/.ssh/authorized_keys'];
    const logs = ['var/log/syslog.1', 'var/log/apt/history.log.2.gz', 'home/ubuntu/.bash_history'];
    expect([...gone, ...logs, 'var/lib/apt/lists/archive'].filter((file) => existsSync(path(file)))).toEqual(
      [],
    );
    expect(calls()).toContain('cloud-init clean --logs');
    expect(() => accessSync(path('home/ubuntu'))).not.toThrow();
  });

  test('leaves host keys where nothing would make new ones, so that the image can be reached', async () => {
    const { output } = await run(cleanUpLinux);
    expect(read(host)).toBe('KEY');
    expect(output).toContain('they stay');
  });

  test('deprovisions an Azure machine', async () => {
    fake('cloud-init');
    fake('waagent');
    mkdirSync(path('var/lib/waagent'), { recursive: true });
    expect(await run(cleanUpLinux)).toMatchObject({ exitCode: 0 });
    expect(calls()).toContain('waagent -force -deprovision+user');
  });

  test('fails when a part of it fails: no image is made that looks clean', async () => {
    fake('cloud-init', 1);
    expect((await run(cleanUpLinux)).exitCode).toBe(1);
  });
});
