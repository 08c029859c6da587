import type { Random } from './random.ts';

/** What happens at one moment of virtual time; of those at the same moment the tie decides. */
type Moment = { at: number; tie: number; happen: () => void; isOff: boolean };

const isBefore = (a: Moment, b: Moment): boolean => a.at < b.at || (a.at === b.at && a.tie < b.tie);

/** A binary heap, the earliest on top. */
const createHeap = () => {
  const heap: Moment[] = [];
  const swap = (a: number, b: number): void => {
    const [first, second] = [heap[a], heap[b]];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  };
  const isEarlier = (a: number, b: number): boolean => {
    const [first, second] = [heap[a], heap[b]];
    return first !== undefined && (second === undefined || isBefore(first, second));
  };
  const rise = (place: number): void => {
    for (let at = place; at > 0 && isEarlier(at, (at - 1) >> 1); at = (at - 1) >> 1) swap(at, (at - 1) >> 1);
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      const child = isEarlier(2 * at + 2, 2 * at + 1) ? 2 * at + 2 : 2 * at + 1;
      if (child >= heap.length || isEarlier(at, child)) return;
      swap(at, child);
      at = child;
    }
  };
  return {
    top: () => heap[0],
    push: (moment: Moment): void => {
      heap.push(moment);
      rise(heap.length - 1);
    },
    pop: (): Moment | undefined => {
      swap(0, heap.length - 1);
      const top = heap.pop();
      sink();
      return top;
    },
  };
};

/** Whatever goes on by itself now has gone on when this is over: every promise of a history (its test compares). */
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    // Behind all promises, as `setImmediate`, but without a look at the files and sockets that nobody has here.
    process.nextTick(resolve);
  });

export type Timer = { cancel: () => void };

/** Virtual time: nothing passes but what is waited for here, one moment after the other. */
export type Scheduler = {
  /** Milliseconds since 1970. */
  now: () => number;
  /** The time as our rows have it. */
  timestamp: () => string;
  /** Resolves after so many milliseconds, or soon after `signal` is aborted; never rejects. */
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  timer: (milliseconds: number, happen: () => void) => Timer;
  /** Resolves when the next moment has begun, as the next turn of Node would. */
  turn: () => Promise<void>;
  /** Lets happen what is due until then. */
  runUntil: (end: number) => Promise<void>;
  /** How many moments there were. */
  moments: () => number;
};

export const createScheduler = (
  random: Random,
  start: number,
  settled: () => Promise<unknown> = settle,
): Scheduler => {
  const heap = createHeap();
  let now = start;
  let moments = 0;
  let turns: (() => void)[] = [];

  const timer = (milliseconds: number, happen: () => void): Timer => {
    const at = now + Math.max(0, Math.round(milliseconds));
    const moment: Moment = { at, tie: random.next(), happen, isOff: false };
    heap.push(moment);
    return {
      cancel: () => {
        moment.isOff = true;
      },
    };
  };
  const sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = timer(signal?.aborted === true ? 0 : milliseconds, () => {
        signal?.removeEventListener('abort', early);
        resolve();
      });
      const early = (): void => {
        wake.cancel();
        timer(0, resolve);
      };
      if (signal?.aborted === false) signal.addEventListener('abort', early, { once: true });
    });
  const runUntil = async (end: number): Promise<void> => {
    for (let top = heap.top(); top !== undefined && top.at <= end; top = heap.top()) {
      heap.pop();
      if (top.isOff) continue;
      now = top.at;
      moments += 1;
      const waiting = turns;
      turns = [];
      top.happen();
      await settled();
      for (const goOn of waiting) {
        goOn();
        await settled();
      }
    }
    now = Math.max(now, end);
  };
  return {
    now: () => now,
    timestamp: () => new Date(now).toISOString(),
    sleep,
    turn: () =>
      new Promise((resolve) => {
        turns.push(resolve);
      }),
    timer,
    runUntil,
    moments: () => moments,
  };
};
