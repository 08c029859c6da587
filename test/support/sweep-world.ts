import * as fc from 'fast-check';
import { encodeTime } from 'ulid';
import { sweepConnection } from '../../functions/events/remove-leftovers/sweep-connection.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import type { Inventory } from '../../shared/platforms/platform.ts';
import { newId } from '../../shared/runtime/ids.ts';
import { entityStore } from '../../shared/store/entity-store.ts';
import { recordImageVersion } from '../../shared/store/image-version-store.ts';
import { keys } from '../../shared/store/keys.ts';
import { leftoverStore } from '../../shared/store/leftover-store.ts';
import { sweepStore } from '../../shared/store/sweep-store.ts';
import type { Write } from '../../shared/store/write.ts';
import { at, queuedRun, runningRun, ulid, workspaceId } from './builders.ts';
import { putRun, scope } from './engine.ts';
import { fakeAccount } from './fake-platform.ts';
import { memoryTable } from './memory-table.ts';
import { storedConnection } from './stored-entities.ts';
import { bundle } from './tidying.ts';

/** Inventories that are made up at random, each thing in them with what must become of it. */

const HOUR = 3600;
const NOW = 100 * 24 * HOUR;
const hoursAgo = (hours: number): string => at(NOW - hours * HOUR);

/** `named`: it has the name of its run and no tags. */
export type ThingKind = 'machine' | 'image' | 'named';
export type Thing = {
  /** Each thing has its own. */
  number: number;
  kind: ThingKind;
  runId: string;
  /** What its tags, or labels, say; undefined: it has no such tag. */
  tags: { deployment?: string; workspace?: string; run?: string };
};
type Known = { run?: StoredRun; isVersion?: boolean; isRemoved?: boolean };
type Case = { thing: Thing; known: Known; isDoomed: boolean; isKept: boolean };

/** Where things are: the client of a platform over its stand-in. */
export type Site = {
  put: (thing: Thing) => Promise<void>;
  /** Numbers of the things that are there. */
  there: () => Promise<number[]>;
  inventory: Inventory;
};

const runIdAt = (number: number, hours: number): string =>
  `run_${encodeTime(Date.parse(hoursAgo(hours)), 10)}${String(number).padStart(16, '0')}`;

type Wanted = { number: number; kind: ThingKind; hours: number };
type Made = { known?: Known; tags?: Thing['tags']; isDoomed?: boolean; isKept?: boolean };
const DAY_HOURS = 24;

const ended = ({ number, hours }: Wanted, fields: Partial<StoredRun>): StoredRun =>
  runningRun({
    id: runIdAt(number, hours + 1),
    number: number + 1,
    bundle,
    endedAt: hoursAgo(hours),
    ...fields,
  });
const failed = (wanted: Wanted, fields: Partial<StoredRun> = {}): StoredRun =>
  ended(wanted, { status: 'Failed', sweptAt: hoursAgo(wanted.hours), ...fields });

/** What the tags of a run's thing say when somebody else, or nobody, has made it so. */
const foreign = {
  'another deployment': { deployment: 'other' },
  'another workspace': { workspace: `ws_${ulid('ELSE')}` },
  'a deployment whose name begins alike': { deployment: 'test-2' },
  'no deployment': { deployment: undefined },
  'no workspace': { workspace: undefined },
  'no run': { run: undefined },
  'a run that is none': { run: 'nightly' },
  'no tags': { deployment: undefined, workspace: undefined, run: undefined },
};

const own: Record<string, (wanted: Wanted) => Made> = {
  'a failed run': (wanted) => ({
    known: { run: failed(wanted) },
    isDoomed: wanted.hours > DAY_HOURS,
  }),
  'a failed run of which a version is on record': (wanted) => ({
    known: { run: failed(wanted), isVersion: true },
    isDoomed: wanted.kind !== 'image' && wanted.hours > DAY_HOURS,
  }),
  'a failed run that is being cleaned up after': (wanted) => ({
    known: { run: failed(wanted, { deletionAskedAt: hoursAgo(1) }) },
  }),
  'a failed run that was not swept yet': (wanted) => ({
    known: { run: failed(wanted, { sweptAt: undefined }) },
  }),
  'a run that ends in the future': (wanted) => ({
    known: { run: failed(wanted, { endedAt: hoursAgo(-1 - wanted.hours) }) },
  }),
  'a succeeded run': (wanted) => ({
    known: { run: ended(wanted, { status: 'Succeeded' }), isVersion: true },
    isDoomed: wanted.kind !== 'image' && wanted.hours > DAY_HOURS,
  }),
  'a stopped run': (wanted) => ({
    known: { run: ended(wanted, { status: 'Stopped', lookedAgainAt: hoursAgo(0) }) },
    isKept: true,
  }),
  'a run that goes on': (wanted) => ({ known: { run: ended(wanted, { endedAt: undefined }) } }),
  'a run that waits': ({ number, hours }) => ({
    known: { run: queuedRun({ id: runIdAt(number, hours), number: number + 1 }) },
  }),
  'a run that nobody knows': ({ kind, hours }) => ({
    isDoomed: kind === 'machine' && hours > 2 * DAY_HOURS,
  }),
  'a run that nobody knows, with a version': ({ kind, hours }) => ({
    known: { isVersion: true },
    isDoomed: kind === 'machine' && hours > 2 * DAY_HOURS,
  }),
  'a deleted run that is being cleaned up after': () => ({ known: { isRemoved: true } }),
};

const caseOf = (whose: string, wanted: Wanted): Case => {
  const strange = Object.entries(foreign).find(([name]) => name === whose)?.[1];
  const {
    known = {},
    isDoomed = false,
    isKept = false,
  } = strange === undefined ? (own[whose]?.(wanted) ?? {}) : { known: { run: failed(wanted) } };
  const isAhead = whose === 'a run of the future';
  const runId = known.run?.id ?? runIdAt(wanted.number, isAhead ? -1 - wanted.hours : wanted.hours);
  // What is known by its name alone has no tags that could be somebody else's.
  const kind = strange !== undefined && wanted.kind === 'named' ? 'machine' : wanted.kind;
  const tags = { deployment: 'test', workspace: workspaceId, run: runId, ...strange };
  return { thing: { number: wanted.number, kind, runId, tags }, known, isDoomed, isKept };
};

/** Inventories of some things of these kinds. */
export const inventories = (kinds: ThingKind[], size: { min: number; max: number }) =>
  fc
    .array(
      fc.record({
        whose: fc.constantFrom(...Object.keys(own), ...Object.keys(foreign), 'a run of the future'),
        kind: fc.constantFrom(...kinds),
        hours: fc.oneof(
          fc.integer({ min: 0, max: 23 }),
          fc.integer({ min: 25, max: 47 }),
          fc.integer({ min: 49, max: 900 }),
        ),
      }),
      { minLength: size.min, maxLength: size.max },
    )
    .map((all) => all.map(({ whose, ...rest }, number) => caseOf(whose, { ...rest, number })));

const connection = storedConnection('aws role');

const versionOf = (runId: string, number: number): Write[] =>
  recordImageVersion(scope, {
    id: newId('image-version'),
    number: number + 1,
    name: `Web-Base-v${number + 1}`,
    imageDefinitionId: `def_${ulid('D')}`,
    runId,
    state: 'available',
    locators: [],
    toolchain: {},
    createdAt: at(0),
  });

const tableOf = async (cases: Case[]) => {
  const core = memoryTable();
  await entityStore(core, scope).create('connection', connection, [], []);
  await sweepStore(core).plan(scope, { connectionId: connection.id, regions: [], dueAt: at(0) });
  for (const { thing, known } of cases) {
    const { runId } = thing;
    if (known.run !== undefined) await putRun(core, known.run);
    if (known.isVersion === true) await core.write(versionOf(runId, thing.number));
    const gone = runningRun({ id: runId, status: 'Failed', endedAt: at(0), bundle });
    if (known.isRemoved === true)
      await core.write([{ put: { ...gone, ...keys.deletedRun(scope, runId), row: 'deleted-run', runId } }]);
  }
  return core;
};

const numbersOf = (cases: Case[], isWanted: (one: Case) => boolean): number[] =>
  cases.filter(isWanted).map(({ thing }) => thing.number);

/**
 * Puts an inventory in place, sweeps it twice, and tells what is left beside what must be left, and what is on record
 * beside what must be.
 */
export const sweepTwice = async (site: Site, cases: Case[]) => {
  const core = await tableOf(cases);
  for (const { thing } of cases) await site.put(thing);
  const engine = {
    core,
    newId,
    deploymentId: 'test',
    now: () => at(NOW),
    open: async () => fakeAccount({ inventory: site.inventory }),
  };
  await sweepConnection(engine, scope, connection.id);
  const left = await site.there();
  await sweepConnection(engine, scope, connection.id);
  const recorded: number[] = [];
  for (const { thing } of cases) {
    const ledger = await leftoverStore(core, scope).list(thing.runId);
    if (ledger.some(({ state }) => state === 'kept')) recorded.push(thing.number);
  }
  const byNumber = (a: number, b: number): number => a - b;
  return {
    found: {
      left: left.toSorted(byNumber),
      leftInTheEnd: (await site.there()).toSorted(byNumber),
      recorded,
    },
    wanted: {
      left: numbersOf(cases, ({ isDoomed }) => !isDoomed),
      leftInTheEnd: numbersOf(cases, ({ isDoomed }) => !isDoomed),
      recorded: numbersOf(cases, ({ isKept }) => isKept),
    },
  };
};
