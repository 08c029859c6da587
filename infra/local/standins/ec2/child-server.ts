import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A server program to start, and how to see that it serves. */
export interface ServerCommand {
  name: string;
  program: string;
  args: readonly string[];
  healthUrl: string;
  /** File that gets what the program says. */
  log: string;
}

/** A server program that runs. */
export interface ChildServer {
  pid: number;
  /** Asks it to end (SIGTERM) and waits for that; kills it when it does not. */
  stop(): Promise<void>;
}

/** moto is there after 0.8 s, the manager after 0.4 s, or 7 s when it tries KVM first. The rest is for a busy machine. */
const startTimeoutMs = 60_000;

/** The manager kills its VMs in less than a second. */
const stopTimeoutMs = 10_000;

const pollIntervalMs = 40;

/**
 * Starts a server and waits until its health address answers. The kernel ends the server when this process dies.
 * @throws Error that names the log file when the server ends early or does not get healthy
 */
export async function startServer(command: ServerCommand): Promise<ChildServer> {
  const child = await spawnServer(command);
  try {
    await waitUntilHealthy(command, child.process);
  } catch (error) {
    await stopProcess(child.process);
    throw error;
  }
  return { pid: child.pid, stop: () => stopProcess(child.process) };
}

async function spawnServer(command: ServerCommand): Promise<{ process: ChildProcess; pid: number }> {
  const args = ['--pdeathsig', 'TERM', command.program, ...command.args];
  // A clean environment: neither cloud credentials nor proxies of this machine are of use to it.
  const env = {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
  const log = await open(command.log, 'a');
  try {
    const child = spawn('setpriv', args, { stdio: ['ignore', log.fd, log.fd], env });
    await once(child, 'spawn');
    if (child.pid === undefined) throw new Error(`${command.name} has no process id`);
    return { process: child, pid: child.pid };
  } finally {
    await log.close();
  }
}

async function waitUntilHealthy(command: ServerCommand, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (!(await answers(command.healthUrl))) {
    if (hasEnded(child))
      throw new Error(
        `${command.name} ended while it started (status ${child.exitCode ?? child.signalCode ?? 'unknown'}): see ${command.log}`,
      );
    if (Date.now() > deadline)
      throw new Error(`${command.name} is not healthy after ${startTimeoutMs / 1000} s: see ${command.log}`);
    await delay(pollIntervalMs);
  }
  // Something else may have answered at this port.
  if (hasEnded(child)) throw new Error(`${command.name} ended while it started: see ${command.log}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}
