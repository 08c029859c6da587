import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { systemClock } from '../../../functions/runner/clock.ts';
import { readOutputOf } from '../../../functions/runner/platform-facts.ts';
import { runBuild } from '../../../functions/runner/run-build.ts';
import { readSettings } from '../../../functions/runner/settings.ts';
import { runCommand } from '../../../infra/local/standins/ec2/command.ts';
import { ensureBaseDisk } from '../../../infra/local/standins/ec2/base-disk.ts';
import type { JobBundle } from '../../../shared/contracts/bundle.ts';
import { startAgentApi } from '../../support/agent-api.ts';

/** Who logs in to the machine by SSH, with rights to become root. */
export const guest = { username: 'admin', password: 'a-password-of-the-vm' };

/** Process 1 of the machine: network and SSH server, and nothing that waits for somebody outside. */
const INIT = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=755 run /run
mkdir -p /dev/pts /run/sshd
mount -t devpts devpts /dev/pts
ln -sf /proc/self/fd /dev/fd
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ifconfig lo 127.0.0.1 up
ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
route add default gw 10.0.2.2
[ -f /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
/usr/sbin/sshd
while :; do sleep 86400; done
`;
const SSHD = `HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication yes
UsePAM no
UseDNS no
Subsystem sftp /usr/lib/openssh/sftp-server
`;

const partitions = z.object({
  partitiontable: z.object({ partitions: z.array(z.object({ start: z.int(), size: z.int() })) }),
});
const SECTOR = 512;

/** Copies the root file system, the last partition, from a raw disk into a file or back. */
const copyRoot = async (raw: string, root: string, direction: 'out' | 'back'): Promise<void> => {
  const table = partitions.parse(JSON.parse(await runCommand('/usr/sbin/sfdisk', ['-J', raw])));
  const last = table.partitiontable.partitions.at(-1);
  if (last === undefined) throw new Error(`${raw} has no partition`);
  const [from, to, place] = direction === 'out' ? [raw, root, 'skip'] : [root, raw, 'seek'];
  const sizes = [`bs=${SECTOR * 2048}`, `count=${last.size / 2048}`, `${place}=${last.start / 2048}`];
  await runCommand('dd', [`if=${from}`, `of=${to}`, ...sizes, 'conv=notrunc', 'status=none']);
};

const convert = (format: 'raw' | 'qcow2', from: string, to: string): Promise<string> =>
  runCommand('qemu-img', ['convert', '-O', format, from, to]);

const debugfs = (args: readonly string[]): Promise<string> => runCommand('/usr/sbin/debugfs', args);

/**
 * A disk that boots by itself and lets `guest` in, as one that somebody installed would: the disk of the local cloud
 * account waits for that account's metadata.
 */
export const makeBaseDisk = async (folder: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const files = { init: INIT, sshd: SSHD, shadow: await shadow() };
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
  await convert('raw', await ensureBaseDisk(resolve('.goldsmith/cache')), at('disk.raw'));
  await copyRoot(at('disk.raw'), at('root.img'), 'out');
  const replace = (name: string, path: string, mode: string) => [
    `rm ${path}`,
    `write ${at(name)} ${path}`,
    `sif ${path} mode ${mode}`,
    `sif ${path} uid 0`,
    `sif ${path} gid 0`,
  ];
  const commands = [
    ...replace('init', '/sbin/init', '0100755'),
    ...replace('sshd', '/etc/ssh/sshd_config', '0100644'),
    ...replace('shadow', '/etc/shadow', '0100600'),
  ];
  await writeFile(at('commands'), `${commands.join('\n')}\n`);
  await debugfs(['-w', '-f', at('commands'), at('root.img')]);
  await copyRoot(at('disk.raw'), at('root.img'), 'back');
  await convert('qcow2', at('disk.raw'), at('base.qcow2'));
  return at('base.qcow2');
};

const shadow = async (): Promise<string> => {
  const hash = (await runCommand('openssl', ['passwd', '-6', guest.password])).trim();
  return [`root:*`, `sshd:*`, `${guest.username}:${hash}`]
    .map((user) => `${user}:19000:0:99999:7:::\n`)
    .join('');
};

/** The text of a file on a disk that nothing runs from. Rejects when the disk is broken or has no such file. */
export const readFromDisk = async (disk: string, path: string, scratch: string): Promise<string> => {
  const raw = join(scratch, `${randomBytes(4).toString('hex')}.raw`);
  await runCommand('qemu-img', ['check', '-q', disk]);
  await convert('raw', disk, raw);
  await copyRoot(raw, `${raw}.root`, 'out');
  // Its journal is replayed as by a boot, so that what is read is what a machine would see.
  await runCommand('/usr/sbin/e2fsck', ['-p', '-E', 'journal_only', `${raw}.root`]);
  await copyFile(`${raw}.root`, `${raw}.copy`);
  return debugfs(['-R', `cat ${path}`, `${raw}.copy`]);
};

/** A bundle, the values of its variables, and the line of the log after which the run is stopped. */
export type RunnerBuild = {
  bundle: JobBundle;
  variables: Record<string, string>;
  imageFolder: string;
  stopAt?: string;
};

/** Runs a bundle by the runner and the machine's own Packer. */
export const buildByRunner = async ({ bundle, variables, imageFolder, stopAt }: RunnerBuild) => {
  const api = await startAgentApi({ bundle, claim: { variables } });
  const environment = {
    ...api.environment,
    GOLDSMITH_WORK_DIR: join(dirname(imageFolder), 'work'),
    GOLDSMITH_IMAGE_FOLDER: imageFolder,
  };
  const linesOf = () => api.state.lines.map((line) => line?.text ?? '');
  try {
    const ended = runBuild(readSettings(environment), {
      send: fetch,
      clock: systemClock,
      random: Math.random,
      terminate: new AbortController().signal,
      environment: { PATH: process.env['PATH'] },
      readOutputOf,
    });
    if (stopAt !== undefined) {
      await Promise.race([ended, api.until(() => linesOf().includes(stopAt))]);
      api.state.stop = true;
    }
    const outcome = await ended;
    const vms = api.state.progress.flatMap(({ buildVm }) => buildVm ?? []);
    return { outcome, lines: linesOf(), vms, completion: api.state.completions[0] };
  } finally {
    await api.close();
  }
};

/** The first bytes that an SSH server says at an address with a port. */
export const greetingOf = async (address: string): Promise<string> => {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  try {
    const data: unknown[] = await once(socket, 'data');
    return String(data[0]);
  } finally {
    socket.destroy();
  }
};
