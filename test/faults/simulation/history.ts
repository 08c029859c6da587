import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { DUE_RUN } from '../../../shared/store/keys.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { MemoryTable } from '../../support/memory-table.ts';
import { putWorkspace, type SimulatedWorkspace } from './definitions.ts';
import { createIds } from './ids.ts';
import { brokenInvariants } from './invariants.ts';
import type { Simulation } from './invocation.ts';
import { createPools } from './pools.ts';
import { seededRandom } from './random.ts';
import { createScheduler } from './scheduler.ts';
import type { Accepted } from './users.ts';
import { createWatch, type Watch } from './watch.ts';
import { createWeather, type FaultKind } from './weather.ts';
import { createWorld, type World } from './world.ts';

const START = Date.UTC(2026, 0, 2);
const MINUTE = 60_000;
/** Faults come in the first part of a history; then it comes to rest, within this at the latest. */
const FAULTY_MS = 30 * MINUTE;
const LONGEST_REST_MS = 6 * 60 * MINUTE;
/** Between looks whether it has: no whole minutes, so that they do not all fall into the reconciler's seconds. */
const LOOK_MS = 5 * MINUTE + 7300;
/** At rest nothing is due for as long. */
const QUIET_MS = 60 * MINUTE;

export type HistoryOptions = {
  /** A line for everything that happens, with the seconds since the beginning. */
  trace?: ((line: string) => void) | undefined;
  /** Only these kinds of faults. */
  only?: readonly FaultKind[] | undefined;
  /** What stands in the place of a table. */
  core?: ((table: MemoryTable) => Table) | undefined;
  traffic?: ((table: MemoryTable) => Table) | undefined;
  /** How to wait until all that goes on by itself has gone on. */
  settled?: (() => Promise<unknown>) | undefined;
};

export type History = {
  seed: number;
  isFair: boolean;
  broken: string[];
  /** Runs that were accepted, and how they ended. */
  runs: number;
  ends: Record<string, number>;
  kinds: readonly FaultKind[];
  struck: Map<FaultKind, number>;
  moments: number;
};

/** Lives through the history of a seed. The same seed gives the same history. */
export const liveThrough = async (seed: number, options: HistoryOptions = {}): Promise<History> => {
  const random = seededRandom(seed);
  const time = createScheduler(random, START, options.settled);
  const weather = createWeather(random, time.now, START + FAULTY_MS, options.only);
  const names = new Map<string, string>();
  const simulation: Simulation = {
    random,
    time,
    weather,
    newId: createIds(seed, time),
    tell: (who, what) =>
      options.trace?.(`${((time.now() - START) / 1000).toFixed(3)} ${who} ${named(names, what)}`),
  };
  const pools = createPools([
    ['default', random.between(1, 4)],
    ['vpc', random.between(1, 2)],
  ]);
  const watch = createWatch(time.now, pools);
  for (const id of pools.ids) watch.limitPool(id, pools.limit(id));
  const see: Watch['see'] = (changes) => {
    watch.see(changes);
    // Named in the order of their acceptance, with a trace and without.
    for (const { before, after } of changes)
      if (before === undefined && after?.['row'] === 'run') named(names, String(after['id']));
    if (options.trace === undefined) return;
    for (const { before, after } of changes)
      if (after?.['row'] === 'run') simulation.tell('run', difference(before, after));
  };
  const world = createWorld(simulation, { pools, see, core: options.core, traffic: options.traffic });
  const unrest = await play(simulation, world, watch);
  const broken = await brokenInvariants({ world, watch, weather });
  if (unrest !== undefined) broken.unshift(`it does not come to rest: ${unrest}`);
  const ends = [...watch.runs.values()].map(({ run }) => run.status);
  return {
    seed,
    isFair: weather.isFair,
    broken: broken.map((text) => named(names, text)),
    runs: watch.runs.size,
    ends: Object.fromEntries(
      [...Map.groupBy(ends, (status) => status)].map(([status, all]) => [status, all.length]),
    ),
    kinds: weather.kinds,
    struck: weather.struck,
    moments: time.moments(),
  };
};

/** Runs by the order in which they appear: their ids are never the same twice. */
const named = (names: Map<string, string>, text: string): string =>
  text.replaceAll(/\b([a-z]{2,4})_(?!01JD0)[0-9A-Z]{26}/g, (id, kind: string) => {
    const name = names.get(id) ?? `${kind}${names.size + 1}`;
    names.set(id, name);
    return name;
  });

type Row = Record<string, unknown>;

/** What a write changed of a run, for the trace. */
const difference = (before: Row | undefined, after: Row): string => {
  const changed = Object.keys({ ...before, ...after }).filter(
    (name) => JSON.stringify(before?.[name]) !== JSON.stringify(after[name]),
  );
  const hidden = [
    'schemaVersion',
    'pk',
    'sk',
    'row',
    'due',
    'rev',
    'claim',
    'lease',
    'steps',
    'bundle',
    'snapshotSha256',
  ];
  const shown = changed.map((name) =>
    hidden.includes(name) ? name : `${name}=${JSON.stringify(after[name])?.slice(0, 120)}`,
  );
  return `${String(after['id'])} ${shown.join(' ')}`;
};

/** The history itself; answers why it did not come to rest, if it did not. */
const play = async (simulation: Simulation, world: World, watch: Watch): Promise<string | undefined> => {
  const { time, random } = simulation;
  const workspaces: SimulatedWorkspace[] = [];
  for (const place of [1, 2]) {
    const maxConcurrentRuns = random.between(1, 4);
    const workspace = await putWorkspace(world.core.table, random, { place, maxConcurrentRuns });
    await listen(world, workspace);
    workspaces.push(workspace);
  }
  startReconciler(simulation, world);
  const starts = random.between(3, 13);
  const isBurst = random.chance(0.3);
  for (let each = 0; each < starts; each += 1) void act(simulation, world, { workspaces, isBurst });
  if (random.chance(0.3)) void changeLimits(simulation, world, watch, workspaces);
  await time.runUntil(START + FAULTY_MS);
  let unrest: string | undefined;
  for (let waited = 0; waited < LONGEST_REST_MS; waited += LOOK_MS) {
    await time.runUntil(START + FAULTY_MS + waited);
    unrest = await unrestOf(world, watch);
    if (unrest === undefined) return undefined;
  }
  return unrest;
};

/** What still goes on or is due; undefined at rest. */
const unrestOf = async (
  { core, stream, isIdle, time, builds }: World,
  watch: Watch,
): Promise<string | undefined> => {
  if (![...watch.runs.values()].every(({ run }) => hasEnded(run))) return 'runs go on';
  if (!stream.isEmpty()) return 'the stream is not empty';
  if (!isIdle()) return 'messages are under way';
  if ([...builds.builds.values()].some(({ states }) => states.at(-1)?.state === 'IN_PROGRESS'))
    return 'builds go on';
  const soon = new Date(time.now() + QUIET_MS).toISOString();
  const [due] = await core.memory.due(DUE_RUN, soon, 1);
  return due && `${due.sk} is due`;
};

/** Somebody watches all runs of the workspace. */
const listen = async ({ traffic }: World, { scope }: SimulatedWorkspace): Promise<void> => {
  const sockets = socketStore(traffic.memory);
  const connectionId = `socket of ${scope.workspaceId}`;
  await sockets.putTicket(connectionId, { workspaceId: scope.workspaceId, principalId: 'user-1' }, 60);
  await sockets.connect(connectionId, connectionId);
  await sockets.subscribeToRuns(scope, connectionId);
};

/** Each minute; it may rest for a while, or two may be at work at once. */
const startReconciler = (simulation: Simulation, { reconcileOnce }: World): void => {
  const { time, weather, random } = simulation;
  const stopsFor = weather.strikes('reconcilerStops') ? random.between(2, 25) * MINUTE : 0;
  const stopsAt = time.now() + random.between(0, 20) * MINUTE;
  const isStopped = () => time.now() >= stopsAt && time.now() < stopsAt + stopsFor;
  const fire = (): void => {
    time.timer(MINUTE, fire);
    if (isStopped()) return;
    void reconcileOnce().catch(() => undefined);
    if (weather.strikes('reconcilerTwice')) void reconcileOnce().catch(() => undefined);
  };
  time.timer(random.between(0, MINUTE), fire);
};

/** One run, and what its people do about it; in a burst all are created at once. */
const act = async (
  { time, random }: Simulation,
  { users }: World,
  { workspaces, isBurst }: { workspaces: SimulatedWorkspace[]; isBurst: boolean },
): Promise<void> => {
  await time.sleep(
    isBurst
      ? random.between(0, 40)
      : random.chance(0.5)
        ? random.between(0, 5000)
        : random.between(0, 12 * MINUTE),
  );
  const workspace = workspaces[isBurst ? 0 : random.between(0, 1)];
  if (workspace === undefined) return;
  const definitionId = random.pick(workspace.definitionIds);
  const known = users.accepted.length;
  await (random.chance(0.75) ? users.start : users.schedule)(workspace, definitionId);
  const run = users.accepted.slice(known).find((one) => one.definitionId === definitionId);
  if (run === undefined) return;
  if (random.chance(0.35)) await stopSometime({ time, random }, users, run);
  if (random.chance(0.4)) await tidySometime({ time, random }, users, run);
};

type Chances = Pick<Simulation, 'time' | 'random'>;

const stopSometime = async (
  { time, random }: Chances,
  users: World['users'],
  run: Accepted,
): Promise<void> => {
  await time.sleep(random.chance(0.3) ? random.between(0, 4000) : random.between(0, 12 * MINUTE));
  const again = random.chance(0.4) ? users.stop(run) : undefined;
  await users.stop(run);
  await again;
};

/** Leftovers are deleted, or the run; sooner or later than they may be. */
const tidySometime = async (
  { time, random }: Chances,
  users: World['users'],
  run: Accepted,
): Promise<void> => {
  for (let times = random.between(1, 3); times > 0; times -= 1) {
    await time.sleep(random.between(0, 15 * MINUTE));
    await (random.chance(0.7) ? users.deleteLeftovers(run) : users.deleteRun(run));
  }
};

const changeLimits = async (
  { time, random }: Chances,
  { users }: World,
  watch: Watch,
  workspaces: SimulatedWorkspace[],
): Promise<void> => {
  for (let times = random.between(1, 4); times > 0; times -= 1) {
    await time.sleep(random.between(0, 10 * MINUTE));
    const workspace = workspaces[random.between(0, 1)];
    if (random.chance(0.5)) watch.limitPool(random.pick(['default', 'vpc']), random.between(1, 4));
    else if (workspace !== undefined) await users.limitWorkspace(workspace, random.between(1, 4));
  }
};
