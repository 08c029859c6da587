import type { Preflight } from '../../shared/actions/preflight.ts';
import type { AccountClient, PlatformClient, RunIdentity } from '../../shared/platforms/platform.ts';
import { at, queuedRun, ulid } from './builders.ts';
import { memoryFiles } from './memory-files.ts';
import { memoryTable } from './memory-table.ts';

const unplanned = (what: string) => () => Promise.reject(new Error(`this test plans no ${what}`));

/** What never comes. */
export const never = (): Promise<never> => new Promise(() => {});

/** A platform's client for a run in place of the network: it finds a base image and nothing to object to. */
export const fakeClient = (fields: Partial<PlatformClient> = {}): PlatformClient => ({
  resolveBaseImage: async () => ({ id: 'ami-0123456789abcdef0', name: 'ubuntu-24.04' }),
  preflight: async () => [],
  locate: unplanned('locate'),
  accountId: unplanned('account'),
  describeBuildVm: unplanned('build VM'),
  findLeftovers: unplanned('leftovers'),
  removeLeftover: unplanned('removal'),
  ...fields,
});

/** The same for a connection. */
export const fakeAccount = (fields: Partial<AccountClient> = {}): AccountClient => ({
  verify: async () => [{ id: 'credentials', status: 'pass', detail: 'Account 123456789012.' }],
  inventory: { findTagged: unplanned('inventory'), locate: unplanned('locate') },
  ...fields,
});

/** All that checks work with; `none`: only a connector reaches the platform. */
export const fakePreflight = (
  client: PlatformClient | 'none' = fakeClient(),
  account: AccountClient | 'none' = fakeAccount(),
) => {
  const core = memoryTable();
  const { files, objects } = memoryFiles();
  const preflight: Preflight = {
    core,
    resources: files,
    reach: {
      connect: async () => (client === 'none' ? undefined : client),
      open: async () => (account === 'none' ? undefined : account),
    },
    now: () => at(100),
    limitMs: 10_000,
    target: { generation: '1.6' },
  };
  return { preflight, core, objects, resources: files };
};

export const identity: RunIdentity = {
  deploymentId: 'test',
  workspaceId: queuedRun().workspaceId,
  definitionId: `def_${ulid('D')}`,
  runId: `run_${ulid('1')}`,
  imageName: 'Web-Base',
  number: 7,
};
