import {
  type ChunkRequest,
  MAX_CHUNK_CHARACTERS,
  MAX_CHUNK_LINES,
  type Standing,
} from '../../shared/contracts/agent-protocol.ts';
import type { LogLine, UnnumberedLine } from '../../shared/contracts/entities/log.ts';
import type { AgentClient } from './agent-client.ts';
import { OutOfOrderError, RefusedError } from './agent-errors.ts';
import type { Clock } from './clock.ts';
import { createLineNumbers, type LineNumbers } from './line-numbers.ts';
import type { LineQueue } from './line-queue.ts';
import type { ProgressOutbox } from './progress-outbox.ts';

/** Bytes that wait on disk before Packer's output is no longer read: an hour of a script that floods the log. */
const MAX_SPILLED_BYTES = 1024 ** 3;
const CONTRADICTION_MILLISECONDS = 1000;

export type LogShipper = {
  /** Takes a line over; it gets its number when it is sent. Gives its place, from 0, among all lines. */
  append: (line: UnnumberedLine) => number;
  /** Number that the line at a place has, or will have as far as is known. */
  seqOf: (place: number) => number;
  lastSeq: () => number;
  /** Resolves when there is room for more lines; at once but for a flood while the API is away. */
  room: () => Promise<void>;
  /** Resolves when every line has arrived; rejects with what ended the shipping. */
  drain: () => Promise<void>;
};

export type ShipperOptions = {
  client: Pick<AgentClient, 'sendLog'>;
  queue: LineQueue;
  outbox: ProgressOutbox;
  clock: Clock;
  firstSeq: number;
  /** Least time between the starts of two chunks that are not full. */
  intervalMilliseconds: number;
  /** Until when a chunk is tried again, in milliseconds since 1970. */
  until: () => number;
  onStanding: (standing: Standing) => void;
  /** What made sending end for good: a lost lease, a refusal, no time left. */
  onFailure: (error: unknown) => void;
};

/**
 * Ships lines in order and without holes, one chunk in flight. A chunk is sent at once when nothing is in flight,
 * but not sooner than the interval after the one before, unless that left lines waiting. It is repeated as it was
 * until it is answered, so the API can tell a repetition from something new.
 */
export const createLogShipper = (options: ShipperOptions): LogShipper => {
  const { queue } = options;
  const numbers = createLineNumbers(options.firstSeq);
  const state: { appended: number; isRunning: boolean; ended: Ended } = {
    appended: 0,
    isRunning: false,
    ended: undefined,
  };
  const { changed, wake } = createSignal();
  const sendNext = createSender(options, numbers, wake);

  const run = async (): Promise<void> => {
    while (queue.length() > 0) await sendNext();
  };
  const start = (): void => {
    if (state.isRunning || state.ended !== undefined) return;
    state.isRunning = true;
    const fail = (error: unknown): void => {
      state.ended = { error };
      options.onFailure(error);
    };
    void run()
      .catch(fail)
      .finally(() => {
        state.isRunning = false;
        wake();
        if (queue.length() > 0) start();
      });
  };
  return {
    append: (line) => {
      queue.push(line);
      state.appended += 1;
      start();
      return state.appended - 1;
    },
    seqOf: numbers.seqOf,
    lastSeq: () => numbers.seqOf(state.appended) - 1,
    room: async () => {
      while (state.ended === undefined && queue.spilled() > MAX_SPILLED_BYTES) await changed();
    },
    drain: async () => {
      while (state.ended === undefined && (queue.length() > 0 || state.isRunning)) await changed();
      if (state.ended !== undefined) throw state.ended.error;
    },
  };
};

/** Why nothing is sent any more. */
type Ended = { error: unknown } | undefined;

/** Lets many wait for the next change. */
const createSignal = () => {
  const waiting = new Set<() => void>();
  return {
    changed: () => new Promise<void>((resolve) => waiting.add(resolve)),
    wake: (): void => {
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
  };
};

const nextTurn = () => new Promise(setImmediate);

/** Gives the function that sends the next chunk when its time has come, and takes what arrived from the queue. */
const createSender = (options: ShipperOptions, numbers: LineNumbers, wake: () => void) => {
  const { queue, clock, outbox } = options;
  let sent = 0;
  let notBefore = Number.NEGATIVE_INFINITY;

  const arrived = (count: number): void => {
    queue.drop(count);
    sent += count;
    wake();
  };
  const goOnAt = async (error: OutOfOrderError, lines: LogLine[]): Promise<void> => {
    const held = error.wasUncertain ? heldOf(lines, error.expectedSeq) : 0;
    arrived(held);
    if (held > 0) return;
    // Expecting the very number that it refuses, the API contradicts itself: no reason to ask as fast as we can.
    if (numbers.seqOf(sent) === error.expectedSeq) await clock.sleep(CONTRADICTION_MILLISECONDS);
    numbers.goOn(sent, error.expectedSeq);
  };
  return async (): Promise<void> => {
    const wait = notBefore - clock.now();
    // Even at once means after what is happening now: the lines of one read belong together.
    await (wait > 0 ? clock.sleep(wait) : (clock.turn ?? nextTurn)());
    const lines = nextChunk(queue.peek(MAX_CHUNK_LINES), numbers.seqOf(sent));
    notBefore =
      lines.length < queue.length() ? Number.NEGATIVE_INFINITY : clock.now() + options.intervalMilliseconds;
    const progress = outbox.take();
    try {
      options.onStanding(await deliver(options, { lines, ...(progress && { progress }) }));
      outbox.confirm(progress);
      arrived(lines.length);
    } catch (error) {
      outbox.giveBack(progress);
      if (!(error instanceof OutOfOrderError)) throw error;
      await goOnAt(error, lines);
    }
  };
};

/**
 * How many of the lines the API holds already, when an earlier try may have been carried out. 0 when the number it
 * expects lies outside of them: then others have written, or it lost something, and all lines get new numbers.
 */
const heldOf = (lines: readonly LogLine[], expectedSeq: number): number => {
  const held = expectedSeq - (lines[0]?.seq ?? expectedSeq);
  return held > 0 && held <= lines.length ? held : 0;
};

/** As many lines as fit in one chunk, at least one, with their numbers. */
const nextChunk = (lines: readonly UnnumberedLine[], firstSeq: number): LogLine[] => {
  let characters = 0;
  const tooMany = lines.findIndex((line) => {
    characters += line.text.length;
    return characters > MAX_CHUNK_CHARACTERS;
  });
  const fitting = tooMany < 0 ? lines : lines.slice(0, Math.max(1, tooMany));
  return fitting.map((line, at) => ({ seq: firstSeq + at, ...line }));
};

/**
 * Sends one chunk. Should the API refuse what is in it, the build must not suffer for its log: the lines are sent
 * once more with their places but without their text.
 */
const deliver = async ({ client, until }: ShipperOptions, chunk: ChunkRequest): Promise<Standing> => {
  try {
    return await client.sendLog(chunk, { until });
  } catch (error) {
    if (!(error instanceof RefusedError) || ![400, 413, 422].includes(error.status)) throw error;
    const lines = chunk.lines.map((line) => ({ ...line, text: '(this line was refused)' }));
    return client.sendLog({ lines }, { until });
  }
};
