import { dispatch } from '../../functions/events/dispatch-runs/dispatch.ts';
import type { Outlets } from '../../functions/events/publish-changes/publish-change.ts';
import { publishBatch } from '../../functions/events/publish-changes/publish-batch.ts';
import { toRow } from '../../functions/events/publish-changes/row-change.ts';
import type { Engine } from '../../shared/actions/engine.ts';
import type { Finishing } from '../../shared/actions/finish-run.ts';
import type { Verifying } from '../../shared/actions/verify-image.ts';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../shared/contracts/snapshot.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { newId } from '../../shared/runtime/ids.ts';
import type { Clock } from '../../shared/store/clock.ts';
import { openBill, type Bill } from './bill.ts';
import { at } from './builders.ts';
import { countingTable, type RowPair } from './counting-table.ts';
import { fakeClient } from './fake-platform.ts';
import { memoryFiles } from './memory-files.ts';
import { memoryTable } from './memory-table.ts';

/**
 * Goldsmith in one process with a time of its own: the deployed functions' own code over tables and clients that keep
 * account of what they are asked. Nothing is at fault here; what faults do is told by test/faults.
 */

/** Messages are metered in steps of 32 KB (API Gateway's price list). */
const MESSAGE_BYTES = 32 * 1024;
export const POOL = { id: 'cloud', maxConcurrentRuns: 50 };

/** Wake-ups of the dispatcher, each as its message. */
type Wakes = Set<string>;

const clockOf = () => {
  let time = Date.parse(at(0));
  const pass = (milliseconds: number): void => {
    time += milliseconds;
  };
  const clock: Clock = {
    now: () => time,
    pause: async (milliseconds) => pass(milliseconds),
  };
  return { clock, pass, now: () => new Date(time).toISOString() };
};

/** Objects of runs in memory, by the names that S3 would give them. */
const filesOf = (bill: Bill): Engine['files'] => {
  const snapshots = new Map<string, RunSnapshot>();
  const bundles = new Map<string, JobBundle>();
  const used = (what: 'objectPuts' | 'objectGets'): void => {
    bill.add(what);
    bill.call('object');
  };
  const found = <T>(one: T | undefined): T => {
    used('objectGets');
    if (one === undefined) throw new Error('there is no such object');
    return one;
  };
  return {
    putSnapshot: async (_, snapshot) => {
      used('objectPuts');
      const digest = sha256(JSON.stringify(snapshot));
      snapshots.set(digest, snapshot);
      return digest;
    },
    getSnapshot: async (_, digest) => found(snapshots.get(digest)),
    putBundle: async (_, runId, bundle) => {
      used('objectPuts');
      const key = `jobs/${runId}.json`;
      bundles.set(key, bundle);
      return { key, sha256: sha256(JSON.stringify(bundle)) };
    },
    getBundle: async (key) => found(bundles.get(key)),
    removeBundle: async (key) => void bundles.delete(key),
    bundleUrl: async (key) => `https://runs.test/${key}`,
  };
};

/** The customer's account, which shows whatever it is asked for; each method is some calls to it. */
const accountOf = (bill: Bill) =>
  fakeClient({
    resolveBaseImage: async () => {
      bill.call('cloud');
      return { id: 'ami-0123456789abcdef0', name: 'ubuntu-24.04' };
    },
    preflight: async () => {
      bill.call('cloud', 6);
      return [];
    },
    accountId: async () => {
      bill.call('cloud');
      return '123456789012';
    },
    locate: async (locators) => {
      bill.call('cloud');
      return locators;
    },
  });

const outletsOf = (bill: Bill, engine: Engine, wakes: Wakes): Outlets => ({
  files: memoryFiles().files,
  sockets: engine,
  publish: {
    wake: (poolId) => void wakes.add(JSON.stringify({ poolId })),
    wakeWorkspace: (workspaceId) => void wakes.add(JSON.stringify({ workspaceId, except: [POOL.id] })),
    sweep: () => bill.add('queueRequests', 3),
    removal: () => Promise.reject(new Error('no workspace is removed here')),
    event: async (event) => {
      if (event === undefined) return;
      bill.add('busEvents');
      bill.call('bus');
    },
  },
});

export type MeteredWorld = ReturnType<typeof openMeteredWorld>;

export const openMeteredWorld = () => {
  const bill = openBill();
  const { clock, pass, now } = clockOf();
  const changes: RowPair[][] = [];
  const changed = (pairs: RowPair[]): void => void changes.push(pairs);
  const core = countingTable(memoryTable({ clock }), { changed, used: (use) => bill.table('core', use) });
  const traffic = countingTable(memoryTable({ clock }), { used: (use) => bill.table('traffic', use) });
  const account = accountOf(bill);
  const engine = {
    core,
    traffic,
    now,
    newId,
    pause: clock.pause,
    deploymentId: 'test',
    files: filesOf(bill),
    connect: async () => account,
    send: async (_: string, message: object): Promise<'sent'> => {
      const bytes = Buffer.byteLength(JSON.stringify(message));
      bill.add('socketMessages', Math.ceil(bytes / MESSAGE_BYTES));
      bill.add('sentBytes', bytes);
      bill.call('socket');
      return 'sent';
    },
    secrets: {
      seal: () => Promise.reject(new Error('no secret is sealed here')),
      open: async () => {
        bill.add('keyCalls');
        bill.call('key');
        return 'a secret of twenty letters';
      },
    },
  } satisfies Finishing & Verifying;
  const admitted: StoredRun[] = [];
  const dispatching = {
    ...engine,
    pools: [POOL],
    workspaceLimit: POOL.maxConcurrentRuns,
    startWorkflow: async (run: StoredRun) => {
      bill.call('workflow');
      admitted.push(run);
      return { executionArn: `arn:aws:states:us-east-1:123456789012:execution:goldsmith-prod-Run:${run.id}` };
    },
  };
  const wake = async (body: string): Promise<void> => {
    // Sent, received and deleted.
    bill.add('fifoRequests', 3);
    const again = await bill.invoke('events/dispatch-runs', () => dispatch(dispatching, [{ id: '1', body }]));
    if (again.length > 0) throw new Error('a wake-up failed');
  };
  return {
    bill,
    engine,
    pass,
    /** Runs whose workflow was started, the first first. */
    admitted,

    /**
     * Tells what was committed, as the stream does, until nothing is left: a call of the function for each write, and one
     * of the dispatcher for each wake-up. On AWS several are one call when they come together.
     */
    settle: async (): Promise<void> => {
      for (let pairs = changes.shift(); pairs !== undefined; pairs = changes.shift()) {
        const wakes = await bill.during('outbox', () => publish({ bill, engine }, pairs));
        for (const body of wakes) await bill.during('dispatch', () => wake(body));
      }
    },
  };
};

/** One call of the outbox; answers whom it wakes. */
const publish = async (
  { bill, engine }: { bill: Bill; engine: Engine },
  pairs: RowPair[],
): Promise<Wakes> => {
  const wakes: Wakes = new Set();
  await bill.invoke('events/publish-changes', () =>
    publishBatch(pairs, outletsOf(bill, engine, wakes), {
      read: ({ before, after }) => ({
        before: before && toRow(before),
        after: after && toRow(after),
      }),
      park: () => Promise.reject(new Error('a change could not be published')),
      flush: async () => bill.call('queue', wakes.size),
    }),
  );
  return wakes;
};
