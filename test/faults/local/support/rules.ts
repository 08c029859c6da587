/**
 * What goes wrong between a function and the cloud, and which calls it happens to. One seed gives one row of decisions:
 * the n-th call that a rule with a chance looks at is always decided in the same way.
 */

/** One call of a function to a service, as it came. `caller`: the name of the function; SQS is told none. */
export type Call = { caller: string; operation: string; path: string; body: string };

export type Fault =
  /** Not carried out: the service refuses, in its own words. */
  | { kind: 'refuse'; status: number; code: string }
  /** Not carried out: the connection breaks. */
  | { kind: 'drop' }
  /** Carried out, and the answer is lost. */
  | { kind: 'lose' }
  /** Carried out twice; the second answer is given. */
  | { kind: 'twice' }
  /** Carried out again after the service has forgotten that it was; the second answer is given. */
  | { kind: 'late-twice' }
  /** Carried out when `until` is done, not before. */
  | { kind: 'wait'; until: Promise<unknown> }
  /** Never answered: carried out all the same, or not at all. */
  | { kind: 'hang'; carriedOut: boolean }
  /** The process of the function is killed, before or after the call is carried out. */
  | { kind: 'kill'; moment: 'before' | 'after' };

/** Every way in which DynamoDB is written to: several rows go in a transaction, one may go alone. */
export const WRITES = ['TransactWriteItems', 'UpdateItem', 'PutItem', 'DeleteItem'] as const;

export type Rule = {
  operation: string | readonly string[];
  fault: Fault;
  /** Only calls of functions whose name holds this. */
  by?: string;
  /** Only calls whose path or body holds all of these. */
  about?: readonly string[];
  /** How many calls it happens to. Default: 1. */
  times?: number;
  /** How likely it happens to a call, of 1. Default: 1. */
  chance?: number;
};

/** What a service says to too many calls. */
export const throttled: Fault = { kind: 'refuse', status: 400, code: 'ThrottlingException' };
/** DynamoDB's own word for a key that is too hot. */
export const tooHot: Fault = { kind: 'refuse', status: 400, code: 'ProvisionedThroughputExceededException' };

const isMeant = ({ by, about = [], operation }: Rule, call: Call): boolean =>
  [operation].flat().includes(call.operation) &&
  (by === undefined || call.caller.includes(by)) &&
  about.every((part) => call.body.includes(part) || call.path.includes(part));

/** Numbers from 0 to 1 that follow from the seed alone (mulberry32, public domain, by Tommy Ettinger). */
export const randomOf = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** A rule in force. */
export type Broken = {
  /** How many calls it has happened to. */
  count: () => number;
  /** Resolves when it has happened for the first time. */
  met: Promise<void>;
  /** From now on it happens no more. */
  mend: () => void;
};

/** The rules in force; the first that is meant decides. */
export const ruleBook = (seed: number) => {
  const random = randomOf(seed);
  const rules = new Set<{ rule: Rule; left: number; tell: () => void; count: number }>();
  return {
    add: (rule: Rule): Broken => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry = { rule, left: rule.times ?? 1, tell: resolve, count: 0 };
      rules.add(entry);
      return { count: () => entry.count, met: promise, mend: () => void rules.delete(entry) };
    },

    /** What happens to this call. */
    decide: (call: Call): Fault | undefined => {
      for (const entry of rules) {
        if (!isMeant(entry.rule, call) || entry.left === 0) continue;
        if (random() >= (entry.rule.chance ?? 1)) continue;
        entry.left -= 1;
        entry.count += 1;
        entry.tell();
        return entry.rule.fault;
      }
      return undefined;
    },

    clear: () => rules.clear(),
  };
};
