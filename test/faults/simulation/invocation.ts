import type { Table } from '../../../shared/store/table.ts';
import { TooContended } from '../../../shared/store/too-contended.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { NewId } from './ids.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Weather } from './weather.ts';

/** What every part of a history shares. */
export type Simulation = {
  random: Random;
  time: Scheduler;
  weather: Weather;
  newId: NewId;
  /** A line of the trace. */
  tell: (who: string, what: string) => void;
};

/** The function ended without an answer: it crashed, or its time was up. */
export class FunctionDied extends Error {
  override name = 'FunctionDied';
}

/** A function that was invoked once: whatever it asks of others takes time, and may be the last that it does. */
export type Invocation = {
  name: string;
  /** Passes when a call has taken its time; of a function that died it never does. */
  gate: () => Promise<void>;
  /** A call of something beside the tables; the function may die before and after it. */
  call: <T>(work: () => T | Promise<T>) => Promise<T>;
  /** A table as this function sees it. */
  facing: (table: Table) => Table;
};

/** Gates that a function passes until it dies, at most: few have more. */
const MOST_GATES = 16;

const forever = (): Promise<never> => new Promise(() => {});

/** How long a call takes; seconds when it is slow. */
export const latency = ({ random, weather }: Simulation): number =>
  weather.strikes('slowCall') ? random.between(200, 6000) : random.between(1, 12);

/**
 * Invokes a function and answers what it answers. A function that dies leaves its last call where it was, and is never
 * gone on with; then this throws FunctionDied.
 */
export const invoke = async <T>(
  simulation: Simulation,
  { name, limitMs }: { name: string; limitMs: number },
  work: (self: Invocation) => Promise<T>,
): Promise<T> => {
  const { random, time, weather, tell } = simulation;
  const end = Promise.withResolvers<never>();
  const diesAt = weather.strikes('functionDies') ? random.between(1, MOST_GATES) : Infinity;
  let isDead = false;
  let gates = 0;
  const die = (why: string): void => {
    isDead = true;
    tell(name, why);
    end.reject(new FunctionDied(`${name} ${why}`));
  };
  const gate = async (): Promise<void> => {
    await time.sleep(latency(simulation));
    gates += 1;
    if (!isDead && gates === diesAt) die(`dies at call ${gates}`);
    if (isDead) await forever();
  };
  const self: Invocation = {
    name,
    gate,
    call: async (called) => {
      await gate();
      const answer = await called();
      await gate();
      return answer;
    },
    facing: (table) => facing(simulation, table, gate),
  };
  const limit = time.timer(limitMs, () => die('has no time left'));
  try {
    return await Promise.race([work(self), end.promise]);
  } finally {
    limit.cancel();
  }
};

/** A table through the calls of one function: each may fail, and fail although it was carried out. */
const facing = (simulation: Simulation, table: Table, gate: () => Promise<void>): Table => {
  const { weather, random } = simulation;
  const read = async (): Promise<void> => {
    await gate();
    if (weather.strikes('tableReadFails')) throw new TooContended(new Error('throttled'));
  };
  const write = async (apply: () => Promise<void>): Promise<void> => {
    await gate();
    if (weather.strikes('tableThrottled')) throw new TooContended(new Error('throttled'));
    if (weather.strikes('tableConflict')) throw new WriteRefused([]);
    await apply();
    await gate();
    if (weather.strikes('tableAnswerLost')) throw new Error('the connection was lost');
  };
  return {
    clock: table.clock,
    get: async (key) => {
      await read();
      return table.get(key);
    },
    getAll: async (keys, only) => {
      await read();
      return table.getAll(keys, only);
    },
    query: async (range) => {
      await read();
      return table.query(range);
    },
    pages: async function* (range) {
      for await (const page of table.pages(range)) {
        await read();
        yield page;
      }
    },
    due: async (partition, until, limit) => {
      await read();
      const found = await table.due(partition, until, limit);
      return weather.strikes('indexLate') ? found.filter(() => random.chance(0.5)) : found;
    },
    write: (writes) => write(() => table.write(writes)),
    removeAll: (keys) => write(() => table.removeAll(keys)),
  };
};
