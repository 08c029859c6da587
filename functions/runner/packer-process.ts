import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Clock } from './clock.ts';
import { createLineSplitter, type RawLine } from './line-splitter.ts';
import type { RunControl } from './run-control.ts';
import type { SilenceWatch } from './silence-watch.ts';
import { stopSession } from './stop.ts';

/** How a Packer process ended, and what the runner had done to it before. */
export type PackerEnd = {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  wasKilled: boolean;
  /** It was told to clean up because the deadline was near, or because it had said nothing for too long. */
  wasOutOfTime: boolean;
};

export type PackerCall = {
  packer: string;
  args: string[];
  cwd: string;
  environment: Record<string, string>;
  control: Pick<RunControl, 'kill' | 'cleanUpAt' | 'killAt' | 'cleanUpTime'>;
  clock: Clock;
  silence: SilenceWatch;
  onLine: (line: RawLine, source: 'stdout' | 'stderr') => void;
  /** Resolves when more lines are welcome. */
  room: () => Promise<void>;
  onOutOfTime: () => void;
};

/** How often a waiting deadline is looked at again, which the API may move, and whether Packer is silent. */
const GLANCE = 1000;
/** How long the output of an ended Packer may be silent before it is taken for complete; a VM may hold it open. */
const LAST_WORDS = 1000;

/**
 * Runs Packer in a session of its own until it has ended and all it said is read. It is killed with its plugins,
 * and nothing else, when `control.kill` is aborted; SIGTERM makes it clean up when the deadline comes near or its silence
 * lasts too long, and the kill follows if that takes too long. Rejects when it cannot be started.
 */
export const runPacker = async (call: PackerCall): Promise<PackerEnd> => {
  call.control.kill.throwIfAborted();
  const child = spawn(call.packer, call.args, {
    cwd: call.cwd,
    env: call.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  const exit = onceExited(child);
  const output = readOutput(child, call);
  const ended = new AbortController();
  const guard = guardProcess(child, call, ended.signal, output);
  const { exitCode, signal } = await exit;
  ended.abort();
  const force = await guard;
  await output.complete();
  return { exitCode, signal, ...force };
};

const onceExited = (child: ChildProcess) =>
  new Promise<Pick<PackerEnd, 'exitCode' | 'signal'>>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });

/** Ends the process when it must; resolves after it has ended, with what was done to it. */
const guardProcess = async (child: ChildProcess, call: PackerCall, ended: AbortSignal, output: Output) => {
  const { control, silence, clock } = call;
  const sessionId = child.pid ?? 0;
  const over = AbortSignal.any([ended, control.kill]);
  let wasOutOfTime = false;
  await waitUntil(control.cleanUpAt, clock, over, () => {
    silence.look(output.isHeldBack());
    return silence.isOver();
  });
  if (!ended.aborted) output.hurry();
  if (!over.aborted) {
    wasOutOfTime = true;
    if (!silence.isOver()) call.onOutOfTime();
    child.kill('SIGTERM');
    const patience = clock.now() + control.cleanUpTime();
    await waitUntil(
      () => (silence.isOver() ? Math.min(control.killAt(), patience) : control.killAt()),
      clock,
      over,
    );
  }
  const wasKilled = !ended.aborted;
  if (wasKilled) await killAll(child, sessionId);
  return { wasKilled, wasOutOfTime };
};

const killAll = async (child: ChildProcess, sessionId: number): Promise<void> => {
  await stopSession(sessionId);
  // Where there is no /proc, or Packer's first process is a script around it: its children die with it.
  child.kill('SIGKILL');
};

/** Waits for a moment, for `signal`, or until `isEnough` says so at one of the looks. */
const waitUntil = async (
  moment: () => number,
  clock: Clock,
  signal: AbortSignal,
  isEnough = () => false,
): Promise<void> => {
  while (!signal.aborted && !isEnough() && clock.now() < moment()) {
    await clock.sleep(Math.min(GLANCE, moment() - clock.now()), signal);
  }
};

type Output = ReturnType<typeof readOutput>;

const readOutput = (child: ChildProcess, { onLine, room, clock, silence }: PackerCall) => {
  const state = { lastAt: clock.now(), isHeldBack: false };
  const pressing = new AbortController();
  const pressed = new Promise<void>((resolve) => {
    pressing.signal.addEventListener('abort', () => resolve());
  });
  const read = async (stream: Readable | null, source: 'stdout' | 'stderr'): Promise<void> => {
    if (stream === null) return;
    const splitter = createLineSplitter((line) => {
      silence.heard();
      onLine(line, source);
    });
    try {
      for await (const chunk of stream) {
        if (chunk instanceof Buffer) splitter.push(chunk);
        state.isHeldBack = true;
        await Promise.race([room(), pressed]);
        state.isHeldBack = false;
        state.lastAt = clock.now();
      }
    } catch (error) {
      if (!isDestroyed(error)) throw error;
    }
    splitter.flush();
  };
  const done = new AbortController();
  const reading = Promise.all([read(child.stdout, 'stdout'), read(child.stderr, 'stderr')]).finally(() =>
    done.abort(),
  );
  // Looked at below, once Packer has ended; until then a failure must not count as unhandled.
  reading.catch(() => undefined);
  return {
    /** Packer must not be held up any more by lines that cannot be sent. */
    hurry: () => pressing.abort(),
    /** Nobody reads what Packer says, for want of room: it may wait for that. */
    isHeldBack: () => state.isHeldBack,
    complete: async (): Promise<void> => {
      state.lastAt = clock.now();
      while (!done.signal.aborted && (state.isHeldBack || clock.now() - state.lastAt < LAST_WORDS)) {
        await clock.sleep(LAST_WORDS / 10, done.signal);
      }
      child.stdout?.destroy();
      child.stderr?.destroy();
      await reading;
    },
  };
};

/** The error of a stream that was destroyed, below, before its end came. */
const isDestroyed = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
