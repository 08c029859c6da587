import { setImmediate as immediately } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { logger } from '../../shared/runtime/logger.ts';
import { brokenLogs, brokenTables } from './simulation/broken-tables.ts';
import { type History, type HistoryOptions, liveThrough } from './simulation/history.ts';
import { liveThroughMany } from './simulation/many.ts';
import { type FaultKind, faultKinds } from './simulation/weather.ts';

/** A busy machine takes its time: 15 s and less alone. */
const MINUTES = 600_000;

const level = logger.getLevelName();
beforeAll(() => logger.setLogLevel('SILENT'));
afterAll(() => logger.setLogLevel(level));
afterEach(() => vi.useRealTimers());

describe('the run engine in virtual time', () => {
  test(
    'ends each of 2,000 runs among faults exactly once, and nothing else of theirs is wrong',
    async () => {
      const { failed, faultedRuns, struck } = await liveThroughMany({ seed: 1, runs: 2000, threads: 2 });
      expect(failed).toEqual([]);
      expect(faultedRuns).toBeGreaterThanOrEqual(2000);
      expect(faultKinds.filter((kind) => !struck.has(kind))).toEqual([]);
    },
    MINUTES,
  );

  test(
    'without a fault keeps the order of the queue and leaves no gap in the numbers',
    async () => {
      const histories: History[] = [];
      for (let seed = 1; seed <= 15; seed += 1) histories.push(await liveThrough(seed, { only: [] }));
      expect(histories.flatMap(({ broken }) => broken)).toEqual([]);
      expect(histories.every(({ isFair }) => isFair)).toBe(true);
      expect(histories.reduce((sum, { ends }) => sum + (ends['Succeeded'] ?? 0), 0)).toBeGreaterThan(30);
    },
    MINUTES,
  );

  test(
    'has one history for a seed, whatever day it is',
    async () => {
      for (const seed of [1, 7, 18]) {
        const first = await told(seed);
        // A day that is past: ids of real time that are made later sort behind all that were made before.
        vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2020, 1, 29) });
        expect(await told(seed)).toEqual(first);
        vi.useRealTimers();
        expect(await told(seed + 1)).not.toEqual(first);
      }
    },
    MINUTES,
  );

  test(
    'waits for promises alone: a history is the same when all that Node has to do is done at each moment',
    async () => {
      for (const seed of [2, 9]) expect(await told(seed, immediately)).toEqual(await told(seed));
    },
    MINUTES,
  );
});

const told = async (seed: number, settled?: HistoryOptions['settled']): Promise<string[]> => {
  const lines: string[] = [];
  await liveThrough(seed, { trace: (line) => lines.push(line), settled });
  return lines;
};

/** What many histories come to, and in which order they are told. */
const summedUp = async (threads: number) => {
  const seeds: number[] = [];
  const onHistory = ({ seed }: { seed: number }) => seeds.push(seed);
  return { seeds, summary: await liveThroughMany({ seed: 30, runs: 20, threads, onHistory }) };
};

test(
  'many histories come to the same on one thread and on two, in the order of their seeds',
  async () => {
    const one = await summedUp(1);
    expect(one.seeds).toEqual(one.seeds.map((_, place) => 30 + place));
    expect(one.summary.faultedRuns).toBeGreaterThanOrEqual(20);
    expect(await summedUp(2)).toEqual(one);
  },
  MINUTES,
);

/** Histories in which a missing guard must be noticed. */
const PATIENCE = 20;

const firstBroken = async (options: HistoryOptions): Promise<History | undefined> => {
  for (let seed = 1; seed <= PATIENCE; seed += 1) {
    const history = await liveThrough(seed, options);
    if (history.broken.length > 0) return history;
  }
  return undefined;
};

describe('what holds after each history', () => {
  test.each<[keyof typeof brokenTables, FaultKind[]]>([
    ['slotsForAll', ['dispatcherTwice', 'messageTwice', 'slowCall']],
    ['slotsForEver', []],
    ['runsWithoutRev', ['apiTwice', 'reconcilerTwice', 'slowCall', 'tableConflict']],
    ['noFence', ['runnerKilled', 'buildFailsMidway']],
    ['numbersForAll', ['slowCall']],
    ['queueForEver', []],
  ])(
    'does not hold of a table with %s',
    async (guard, only) => {
      expect((await firstBroken({ core: brokenTables[guard], only }))?.broken).toBeDefined();
    },
    MINUTES,
  );

  test.each(['neverClosed', 'headWithoutLines'] as const)(
    'does not hold of a log that is %s',
    async (fault) => {
      expect((await firstBroken({ traffic: brokenLogs[fault], only: [] }))?.broken).toBeDefined();
    },
    MINUTES,
  );
});
