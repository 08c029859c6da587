import type { Simulation } from './invocation.ts';

export type QueueOptions<M> = {
  name: string;
  /** When a message that was not worked off comes again. */
  visibilityMs: number;
  /** Messages of one group are worked off one after the other, as in a FIFO queue; undefined: all at once. */
  groupOf?: (message: M) => string;
  /** Rejects when the message is to come again. */
  consume: (message: M) => Promise<void>;
};

/** Tries before a message is set aside (infra/constructs/queues.ts). */
const TRIES = 5;
const LONGEST_DELAY_MS = 120_000;

/** A queue of SQS. Messages come late or twice; and a hint may be lost, which is more than SQS does. */
export const createQueue = <M>(simulation: Simulation, options: QueueOptions<M>) => {
  const { time, random, weather, tell } = simulation;
  const { name, visibilityMs, groupOf, consume } = options;
  const busy = new Map<string, Promise<void>>();
  let inFlight = 0;

  const workOff = async (message: M): Promise<void> => {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        return await consume(message);
      } catch (error) {
        tell(name, `try ${tries} failed: ${String(error)}`);
        await time.sleep(visibilityMs);
      }
    }
    tell(name, 'sets a message aside');
  };
  const inTurn = (message: M): Promise<void> => {
    const group = groupOf?.(message);
    if (group === undefined || weather.strikes('dispatcherTwice')) return workOff(message);
    const turn = (busy.get(group) ?? Promise.resolve()).then(() => workOff(message));
    busy.set(group, turn);
    return turn;
  };
  const deliver = async (message: M): Promise<void> => {
    inFlight += 1;
    const isLate = weather.strikes('messageLate');
    await time.sleep(isLate ? random.between(1000, LONGEST_DELAY_MS) : random.between(5, 100));
    await inTurn(message);
    inFlight -= 1;
  };
  return {
    send: (message: M): void => {
      if (weather.strikes('messageLost')) return;
      void deliver(message);
      if (weather.strikes('messageTwice')) void deliver(message);
    },
    inFlight: () => inFlight,
  };
};
