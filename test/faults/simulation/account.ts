import { kinds, locatorOf } from '../../../shared/platforms/aws/names.ts';
import { type PlatformClient, PlatformError, type RunIdentity } from '../../../shared/platforms/platform.ts';
import type { Invocation, Simulation } from './invocation.ts';

export const REGION = 'eu-central-1';
const ACCOUNT_ID = '123456789012';

/** Something that a run made in the customer's account. */
export type Thing = { locator: string; kind: string; runId: string; shownAt: number; isStuck: boolean };

/** The customer's account: what runs made there, and which Packers were started. */
export type Account = {
  things: Map<string, Thing>;
  /** Each Packer that began to build, with what it wrote. */
  packers: { runId: string; buildId: string; lines: string[] }[];
  imagesOf: (runId: string) => Thing[];
  make: (kind: string, runId: string) => { id: string; locator: string };
  remove: (locator: string) => void;
  /** Packer could not delete it. */
  leave: (locator: string) => void;
  client: (self: Invocation, run: RunIdentity) => PlatformClient;
};

/** How an id of each kind begins; names of groups and key pairs are as Packer gives them. */
const prefixes: Record<string, string> = {
  [kinds.instance]: 'i-',
  [kinds.image]: 'ami-',
  [kinds.keyPair]: 'goldsmith-',
  [kinds.securityGroup]: 'packer_',
};

/** Longest that a new image is not shown, in milliseconds: Verify asks for two minutes. */
const LATE_MS = 90_000;

export const createAccount = (simulation: Simulation): Account => {
  const { time, weather, random, tell } = simulation;
  const things = new Map<string, Thing>();
  const packers: Account['packers'] = [];
  let made = 0;

  const delay = (kind: string): number => {
    if (kind !== kinds.image) return 0;
    if (weather.strikes('imageMissing')) return Infinity;
    return weather.strikes('imageLate') ? random.between(1000, LATE_MS) : 0;
  };
  const make = (kind: string, runId: string) => {
    made += 1;
    const id = `${prefixes[kind] ?? ''}${made.toString(16).padStart(17, '0')}`;
    const locator = locatorOf(REGION, id);
    things.set(locator, { locator, kind, runId, shownAt: time.now() + delay(kind), isStuck: false });
    tell('account', `has ${locator} of ${runId}`);
    return { id, locator };
  };
  const of = (runId: string) => [...things.values()].filter((thing) => thing.runId === runId);
  const isShown = (thing: Thing | undefined): boolean => thing !== undefined && thing.shownAt <= time.now();
  const remove = (locator: string): void => {
    if (things.delete(locator)) tell('account', `has no ${locator} any more`);
  };
  const leave = (locator: string): void => {
    const thing = things.get(locator);
    if (thing !== undefined) thing.isStuck = true;
  };
  const client = (self: Invocation, { runId }: RunIdentity): PlatformClient => {
    const ask = <T>(answer: () => T): Promise<T> =>
      self.call(() => {
        if (!weather.strikes('platformFails')) return answer();
        throw random.chance(0.5)
          ? new PlatformError('requests-throttled', 'Rate exceeded')
          : new Error('the connection was reset');
      });
    return {
      resolveBaseImage: () => ask(() => ({ id: 'ami-0123456789abcdef0', name: 'ubuntu-24.04' })),
      preflight: () => ask(() => []),
      accountId: () => ask(() => ACCOUNT_ID),
      locate: (locators) =>
        ask(() =>
          locators.filter((one) => 'amiId' in one && isShown(things.get(locatorOf(REGION, one.amiId)))),
        ),
      describeBuildVm: () =>
        ask(() => {
          const vm = of(runId).find(({ kind }) => kind === kinds.instance);
          return (
            vm && { kind: vm.kind, locator: vm.locator, region: REGION, address: '192.0.2.1', user: 'ubuntu' }
          );
        }),
      findLeftovers: () => ask(() => of(runId).map(({ kind, locator }) => ({ kind, locator }))),
      removeLeftover: ({ locator }) => ask(() => remove(locator)),
    };
  };
  const imagesOf = (runId: string) =>
    of(runId).filter((thing) => thing.kind === kinds.image && thing.shownAt < Infinity);
  return { things, packers, imagesOf, make, remove, leave, client };
};

/** What names a run's image in Packer's artifact. */
export const artifactOf = (amiId: string) => ({
  builderId: 'mitchellh.amazonebs',
  id: `${REGION}:${amiId}`,
  description: `AMIs were created: ${amiId}`,
});
