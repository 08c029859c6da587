import type { Engine } from '../../../shared/actions/engine.ts';
import type { Finishing } from '../../../shared/actions/finish-run.ts';
import type { JobBundle } from '../../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import { sha256 } from '../../../shared/domain/sha256.ts';
import type { RunFiles } from '../../../shared/store/run-files.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { Account } from './account.ts';
import type { NewId } from './ids.ts';
import type { Invocation, Simulation } from './invocation.ts';

/** What functions of the run engine work with. */
export type SimulatedEngine = Finishing & {
  newId: NewId;
  pause: (milliseconds: number) => Promise<unknown>;
};

type Places = {
  core: Table;
  traffic: Table;
  account: Account;
  send: Engine['send'];
};

export const DEPLOYMENT = 'simulated';

/** The bucket of runs: what was put is there, for every function. */
const createBucket = () => {
  const snapshots = new Map<string, RunSnapshot>();
  const bundles = new Map<string, JobBundle>();
  const there = <T>(found: T | undefined): T => {
    if (found === undefined) throw new Error('NoSuchKey');
    return found;
  };
  return (self: Invocation): RunFiles => ({
    putSnapshot: (_, snapshot) =>
      self.call(() => {
        const digest = sha256(JSON.stringify(snapshot));
        snapshots.set(digest, snapshot);
        return digest;
      }),
    getSnapshot: (_, digest) => self.call(() => there(snapshots.get(digest))),
    putBundle: (_, runId, bundle) =>
      self.call(() => {
        const digest = sha256(JSON.stringify(bundle));
        const key = `jobs/${runId}-${digest.slice(0, 16)}.json`;
        bundles.set(key, bundle);
        return { key, sha256: digest };
      }),
    getBundle: (key) => self.call(() => there(bundles.get(key))),
    removeBundle: (key) => self.call(() => void bundles.delete(key)),
    bundleUrl: (key) => self.call(() => `https://bundles.test/${key}`),
  });
};

/** Gives each invocation an engine of its own: all that it asks of others passes its gates. */
export const createEngines = (simulation: Simulation, { core, traffic, account, send }: Places) => {
  const bucket = createBucket();
  const { time } = simulation;
  return (self: Invocation): SimulatedEngine => ({
    core: self.facing(core),
    traffic: self.facing(traffic),
    files: bucket(self),
    secrets: {
      seal: () => Promise.reject(new Error('nothing is sealed here')),
      open: () => self.call(() => 'a secret'),
    },
    send: (to, message) => self.call(() => send(to, message)),
    deploymentId: DEPLOYMENT,
    connect: async (run) => account.client(self, run),
    now: time.timestamp,
    newId: simulation.newId,
    pause: time.sleep,
  });
};
export type EngineOf = ReturnType<typeof createEngines>;
