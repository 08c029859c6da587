import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPacker, listSession } from '../../../../functions/runner/processes.ts';
import { stopSession } from '../../../../functions/runner/stop.ts';

let folder = '';
const started: number[] = [];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'stop-test-')));
});
afterEach(async () => {
  for (const pid of started.splice(0)) kill(pid);
  await rm(folder, { recursive: true, force: true });
});

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A program of another name that sleeps. */
const sleeper = async (name: string): Promise<string> => {
  const target = path.join(folder, name);
  await copyFile(await realpath('/bin/sleep'), target);
  return target;
};
/** A shell of another name. */
const shell = async (name: string): Promise<string> => {
  const target = path.join(folder, name);
  await copyFile(await realpath('/bin/sh'), target);
  return target;
};

const startSession = async (program: string, script: string): Promise<ChildProcess & { pid: number }> => {
  const child = spawn(program, ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const { pid } = child;
  if (pid === undefined) throw new Error('not started');
  started.push(pid);
  await once(child.stdout, 'data');
  for (const each of await listSession(pid)) started.push(each.pid);
  return Object.assign(child, { pid });
};

/** The programs of a session by their names. */
const programsOf = async (sessionId: number): Promise<string[]> =>
  (await listSession(sessionId)).map(({ executable }) => path.basename(executable)).toSorted();

describe('stopping without clean-up', () => {
  it('ends Packer and its plugins and leaves a build VM alive (S47, S82)', async () => {
    const [packer, plugin, vm] = [
      await shell('packer'),
      await sleeper('packer-plugin-amazon_v1.8.2_x5.0_linux_amd64'),
      await sleeper('qemu-system-x86_64'),
    ];
    const child = await startSession(packer, `${plugin} 60 & ${vm} 60 & echo $!; wait`);
    const begun = ['packer', 'packer-plugin-amazon_v1.8.2_x5.0_linux_amd64', 'qemu-system-x86_64'];
    // What the shell has forked is a shell until it becomes the program.
    while ((await programsOf(child.pid)).join() !== begun.join()) await wait(5);
    const ended = once(child, 'exit');

    await expect(stopSession(child.pid)).resolves.toBe(true);

    expect((await ended)[1]).toBe('SIGKILL');
    const left = await listSession(child.pid);
    expect(await programsOf(child.pid)).toEqual(['qemu-system-x86_64']);
    expect(left.every(({ pid }) => isAlive(pid))).toBe(true);
  });

  it('gives a Packer that traps every signal no chance to clean up', async () => {
    const packer = await shell('packer');
    const script = `trap 'touch ${folder}/cleaned' TERM INT HUP QUIT PIPE EXIT; echo; while :; do sleep 0.01; done`;
    const child = await startSession(packer, script);
    await stopSession(child.pid);
    expect(isAlive(child.pid) && (await listSession(child.pid)).some(({ pid }) => pid === child.pid)).toBe(
      false,
    );
    expect(await readdir(folder)).not.toContain('cleaned');
  });

  it('catches a Packer that keeps starting others', async () => {
    const packer = await shell('packer');
    const script = `echo; while :; do ${packer} -c 'sleep 0.05; sleep 0.05' & sleep 0.002; done`;
    const child = await startSession(packer, script);
    await expect(stopSession(child.pid)).resolves.toBe(true);
    const left = (await listSession(child.pid)).filter(({ executable }) => isPacker(executable));
    expect(left).toEqual([]);
  });

  it('touches no Packer of another session', async () => {
    const packer = await shell('packer');
    const [mine, other] = [
      await startSession(packer, 'echo; sleep 60; :'),
      await startSession(packer, 'echo; sleep 60; :'),
    ];
    await stopSession(mine.pid);
    expect((await listSession(other.pid)).map(({ pid }) => pid)).toContain(other.pid);
  });

  it('is done at once when nothing is there', async () => {
    await expect(stopSession(2 ** 22 + 1)).resolves.toBe(true);
  });

  it.each([
    ['/usr/bin/packer', true],
    ['/opt/plugins/packer-plugin-qemu_v1', true],
    ['/usr/bin/qemu-system-x86_64', false],
    ['/usr/bin/packer-io-something', false],
    ['/home/packer/qemu-system-x86_64', false],
    ['/usr/bin/ssh', false],
  ])('takes %s for Packer: %s', (executable, is) => {
    expect(isPacker(executable)).toBe(is);
  });
});
