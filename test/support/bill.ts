import type { FunctionName } from '../../shared/contracts/env/index.ts';
import type { TableUse } from './counting-table.ts';

/** What is counted of a run, each as AWS meters it. Names of tables stand before their units. */
export type Metered =
  | 'coreReadUnits'
  | 'coreWriteUnits'
  | 'indexWriteUnits'
  | 'trafficReadUnits'
  | 'trafficWriteUnits'
  | 'transitions'
  | 'httpRequests'
  /** Each way, in steps of 32 KB. */
  | 'socketMessages'
  | 'socketMinutes'
  /** Bytes to viewers. */
  | 'sentBytes'
  | 'fifoRequests'
  | 'queueRequests'
  | 'busEvents'
  | 'objectPuts'
  | 'objectGets'
  | 'keyCalls';

/** A call that a function waits for. */
export type CallKind =
  | 'read'
  | 'write'
  | 'transaction'
  | 'object'
  | 'key'
  | 'queue'
  | 'workflow'
  | 'bus'
  | 'socket'
  | 'build'
  | 'cloud';

/** One call of a function, and the calls that it waited for. */
export type Invocation = { part: string; name: FunctionName; calls: Map<CallKind, number> };

export type BillLine = { part: string; what: Metered; amount: number };

/** Takes down what is used, by the part of a run that it is used for. One thing at a time. */
export const openBill = () => {
  const lines = new Map<string, BillLine>();
  const invocations: Invocation[] = [];
  /** Verbs of the tables, for budgets: how often, and how many of them were transactions. */
  const verbs = {
    core: { reads: 0, writes: 0, transactions: 0 },
    traffic: { reads: 0, writes: 0, transactions: 0 },
  };
  let part = 'before';
  let current: Invocation | undefined;

  const add = (what: Metered, amount = 1): void => {
    const id = `${part}\n${what}`;
    const line = lines.get(id) ?? { part, what, amount: 0 };
    line.amount += amount;
    lines.set(id, line);
  };
  const call = (kind: CallKind, times = 1): void => {
    current?.calls.set(kind, (current.calls.get(kind) ?? 0) + times);
  };
  return {
    add,
    call,
    invocations,
    verbs,
    lines: (): BillLine[] => [...lines.values()],
    /** Everything so far was for something else. */
    clear: (): void => {
      lines.clear();
      invocations.length = 0;
      for (const count of Object.values(verbs))
        Object.assign(count, { reads: 0, writes: 0, transactions: 0 });
    },

    during: async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const before = part;
      part = name;
      try {
        return await work();
      } finally {
        part = before;
      }
    },

    invoke: async <T>(name: FunctionName, work: () => Promise<T>): Promise<T> => {
      const before = current;
      current = { part, name, calls: new Map() };
      invocations.push(current);
      try {
        return await work();
      } finally {
        current = before;
      }
    },

    table: (name: 'core' | 'traffic', { read, write, index, isTransaction }: TableUse): void => {
      if (read > 0) {
        add(`${name}ReadUnits`, read);
        call('read');
        verbs[name].reads += 1;
        return;
      }
      add(`${name}WriteUnits`, write);
      if (index > 0) add('indexWriteUnits', index);
      call(isTransaction ? 'transaction' : 'write');
      verbs[name].writes += 1;
      if (isTransaction) verbs[name].transactions += 1;
    },
  };
};
export type Bill = ReturnType<typeof openBill>;
