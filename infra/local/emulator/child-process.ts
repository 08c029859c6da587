/** Starts a local server as a child process, waits until it answers, and ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** Between two health checks of a starting server; small against its start (0.1 to 1 s). */
const POLL_MS = 15;

export interface ServerProcessOptions {
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the child: nothing of the parent's own is added. */
  environment: Record<string, string>;
  /** A URL that answers with 2xx once the server can be used. */
  healthUrl: string;
  /** Milliseconds until the start counts as failed. */
  startLimitMs: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  stopLimitMs: number;
  /** Receives each line that the child writes. */
  log: (line: string) => void;
}

export interface ServerProcess {
  pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  ended: Promise<void>;
  /** Asks the process to end, forces it after the limit, and resolves when it is gone. Idempotent. */
  stop: () => Promise<void>;
}

/**
 * Starts a server in a process group of its own, so that a Ctrl-C in the terminal reaches the parent only.
 * The child's standard input stays open as long as the parent lives: its end tells the child to stop.
 * @throws Error when the port is taken, or with the child's last lines when it ends or stays silent.
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  await refuseTakenPort(options);
  const child = spawn(options.command, [...options.args], {
    env: options.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // The other end may close first at a stop.
  child.stdin?.on('error', () => {});
  const lastLines = collectLines(child, options.log);
  const ended = waitForEnd(child);
  const stop = () => stopChild(child, ended, options.stopLimitMs);
  try {
    await waitUntilHealthy(child, options);
  } catch (error) {
    await stop();
    throw new Error(`${options.name} did not start:\n${lastLines.join('\n')}`, { cause: error });
  }
  return { pid: z.number().parse(child.pid), ended, stop };
}

/** A loopback port that is free at the moment of the call. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** Another server at the same place would answer the health check in the child's stead. */
async function refuseTakenPort({ name, healthUrl }: ServerProcessOptions): Promise<void> {
  const answer = await fetch(healthUrl).catch(() => undefined);
  if (answer === undefined) return;
  await answer.body?.cancel();
  throw new Error(`${name} cannot start: ${new URL(healthUrl).host} is already in use`);
}

function collectLines(child: ChildProcess, log: (line: string) => void): string[] {
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      log(line);
    });
  }
  return lastLines;
}

function waitForEnd(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    // 'error' without a pid: the command could not be started at all.
    child.once('error', () => resolve());
  });
}

async function waitUntilHealthy(child: ChildProcess, options: ServerProcessOptions): Promise<void> {
  const deadline = AbortSignal.timeout(options.startLimitMs);
  while (isRunning(child)) {
    deadline.throwIfAborted();
    const answer = await fetch(options.healthUrl, { signal: deadline }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok === true) return;
    await delay(POLL_MS);
  }
  throw new Error(`${options.command} ended during its start`);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function stopChild(child: ChildProcess, ended: Promise<void>, limitMs: number): Promise<void> {
  if (isRunning(child)) {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), limitMs);
    await ended;
    clearTimeout(force);
  }
  child.stdin?.destroy();
}
