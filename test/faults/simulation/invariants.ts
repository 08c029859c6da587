import { isDeepStrictEqual } from 'node:util';
import { runStatusChanged } from '../../../events/run-status-changed.ts';
import { imageVersionSchema } from '../../../shared/contracts/entities/image-version.ts';
import { leftoverSchema } from '../../../shared/contracts/entities/run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { kinds } from '../../../shared/platforms/aws/names.ts';
import { logStore } from '../../../shared/store/log-store.ts';
import type { Item } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import type { SeenRun, Watch } from './watch.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

/** What must hold of a history that has come to rest; each answers what does not. */
type Invariant = (history: Rested) => string[] | Promise<string[]>;

export type Rested = { world: World; watch: Watch; weather: Weather };

const rowsOf = ({ world }: Rested, kind: string): Item[] =>
  [...world.core.memory.rows.values()].filter((row) => row['row'] === kind);

const remaining = ({ watch }: Rested): SeenRun[] =>
  [...watch.runs.values()].filter((seen) => !seen.isDeleted);

const endedOnce: Invariant = ({ watch, world }) => [
  ...[...watch.runs.values()].flatMap(({ run, ends }) => {
    if (!hasEnded(run)) return [`${run.id} is still ${run.status} (${run.phase})`];
    return ends === 1 ? [] : [`${run.id} ended ${ends} times`];
  }),
  ...world.users.accepted.flatMap(({ runId }) => (watch.runs.has(runId) ? [] : [`${runId} was lost`])),
];

const numbersUnique: Invariant = ({ watch, weather }) => {
  const byDefinition = Map.groupBy(watch.runs.values(), ({ run }) => run.imageDefinitionId);
  return [...byDefinition].flatMap(([id, runs]) => {
    const numbers = runs.map(({ run }) => run.number).toSorted((a, b) => a - b);
    if (new Set(numbers).size < numbers.length) return [`${id} gave a number twice: ${numbers.join(' ')}`];
    const isDense = numbers.every((number, place) => number === place + 1);
    return weather.isFair && !isDense ? [`${id} has gaps: ${numbers.join(' ')}`] : [];
  });
};

const imagesAndVersions: Invariant = (history) => {
  const versions = rowsOf(history, 'image-version').map((row) => imageVersionSchema.parse(row));
  const { account } = history.world;
  const lacking = versions.filter(({ runId }) => account.imagesOf(runId).length === 0);
  const succeeded = [...history.watch.runs.values()].filter(({ run }) => run.status === 'Succeeded');
  return [
    ...lacking.map(({ runId }) => `the image version of ${runId} has no image`),
    ...succeeded.flatMap(({ run }) => {
      const own = versions.filter(({ runId }) => runId === run.id);
      return own.length === 1 && own[0]?.number === run.number
        ? []
        : [`${run.id} succeeded with ${own.length} image versions`];
    }),
    ...versions.flatMap(({ runId }) =>
      history.watch.runs.get(runId)?.run.status === 'Succeeded'
        ? []
        : [`${runId} did not succeed, but has a version`],
    ),
  ];
};

const onePacker: Invariant = ({ world }) => {
  const byRun = Map.groupBy(world.account.packers, ({ runId }) => runId);
  return [...byRun].flatMap(([runId, packers]) =>
    packers.length === 1
      ? []
      : [`${runId} had ${packers.length} Packers: ${packers.map((one) => one.buildId).join(' ')}`],
  );
};

const nothingTaken: Invariant = (history) =>
  (['slot', 'lease', 'active', 'queue'] as const).flatMap((kind) =>
    rowsOf(history, kind).map((row) => `a ${kind} row is left: ${String(row['sk'])}`),
  );

const logsWhole: Invariant = async (history) => {
  const wrong: string[] = [];
  for (const { run } of remaining(history)) {
    // A run that was stopped in the queue has none.
    if (run.startedAt === undefined) continue;
    const log = logStore(history.world.traffic.memory, scopeTo(run.workspaceId), run.id);
    const { lastSeq, complete } = await log.head();
    let seen = 0;
    const ofPacker: string[] = [];
    for await (const line of log.read({ afterSeq: 0, beforeSeq: Infinity, newestFirst: false })) {
      seen += 1;
      if (line.stream === 'packer') ofPacker.push(line.text);
      if (line.seq !== seen) wrong.push(`the log of ${run.id} has line ${line.seq} in place ${seen}`);
    }
    if (seen !== lastSeq) wrong.push(`the log of ${run.id} has ${seen} lines of ${lastSeq}`);
    if (!complete) wrong.push(`the log of ${run.id} is not closed`);
    const written = history.world.account.packers.findLast(({ runId }) => runId === run.id)?.lines;
    // A runner that hands a success over has brought all its lines there before.
    if (run.status === 'Succeeded' && !isDeepStrictEqual(ofPacker, written))
      wrong.push(`the log of ${run.id} has ${ofPacker.length} lines of Packer's ${written?.length ?? 0}`);
  }
  return wrong;
};

/** What is in the account is an image, or belongs to a stopped run that says so. */
const accountKnown: Invariant = (history) => {
  const ledger = new Set(
    rowsOf(history, 'leftover')
      .map((row) => ({ runId: String(row['runId']), ...leftoverSchema.parse(row) }))
      .filter(({ state }) => state !== 'deleted')
      .map(({ runId, locator }) => `${runId} ${locator.split('/').at(-1)}`),
  );
  return [...history.world.account.things.values()].flatMap((thing) => {
    const seen = history.watch.runs.get(thing.runId);
    const status = seen?.run.status;
    // Of a run that somebody deleted, what a lost message left is found by the sweep of the whole account.
    if (seen?.isDeleted === true) return [];
    // What Packer itself could not delete when it had made the image is not looked for.
    if (status === 'Succeeded' && (thing.kind === kinds.image || thing.isStuck)) return [];
    if (status !== 'Stopped') return [`${thing.locator} is left of ${thing.runId}, which is ${status}`];
    if (ledger.has(`${thing.runId} ${thing.locator.split('/').at(-1)}`)) return [];
    return [`${thing.locator} of the stopped ${thing.runId} is not on record`];
  });
};

/** Of what a run told the bus, by rev: forward, and the end last and told. */
const eventsInOrder: Invariant = (history) => {
  const told = history.world.stream.told
    .filter(({ DetailType }) => DetailType.startsWith('run.'))
    .filter(({ DetailType }) => runStatusChanged.detailTypes.includes(DetailType))
    .map(({ Detail }) => runStatusChanged.parse(JSON.parse(Detail)));
  const parked = new Set(history.world.stream.parked.map(({ after }) => String(after?.['id'])));
  const byRun = Map.groupBy(told, ({ runId }) => runId);
  return [...history.watch.runs.values()].flatMap(({ run }) => {
    const events = (byRun.get(run.id) ?? []).toSorted((a, b) => a.rev - b.rev);
    const revs = new Map(events.map(({ rev, status }) => [status, rev]));
    const last = events.at(-1)?.status;
    if (new Set(events.map(({ rev, status }) => `${rev} ${status}`)).size > revs.size)
      return [`${run.id} told one status under two revs`];
    if (last === run.status || parked.has(run.id)) return [];
    return [`${run.id} is ${run.status}, the last that was told is ${last}`];
  });
};

/** What listeners were sent of a run ends with its end. */
const pushesInOrder: Invariant = (history) => {
  const { messages, stream } = history.world;
  if (history.weather.kinds.includes('socketGone')) return [];
  const parked = new Set(stream.parked.map(({ after }) => String(after?.['id'])));
  const last = new Map<string, { rev: number; status: string }>();
  for (const { message } of messages) {
    if (message.type !== 'run') continue;
    const { id, rev, status } = message.run;
    if (rev >= (last.get(id)?.rev ?? 0)) last.set(id, { rev, status });
  }
  return [...history.watch.runs.values()].flatMap(({ run }) => {
    const shown = last.get(run.id)?.status;
    return shown === run.status || parked.has(run.id)
      ? []
      : [`${run.id} is ${run.status}, listeners see ${shown}`];
  });
};

/** Runs that are admitted in one go may be written in any order. */
const ONE_GO_MS = 15_000;

/** Where nothing failed nobody overtakes: manual before scheduled, then first in, first out, in one workspace and pool. */
const orderKept: Invariant = ({ watch, weather }) => {
  if (!weather.isFair) return [];
  const runs = [...watch.runs.values()];
  const isBefore = (a: SeenRun, b: SeenRun): boolean => {
    const [first, second] = [a, b].map(({ run }) => Number(run.trigger.type === 'schedule'));
    return first === second ? a.run.id < b.run.id : Number(first) < Number(second);
  };
  return runs.flatMap((late) =>
    runs
      .filter(({ run }) => run.workspaceId === late.run.workspaceId && run.pool.id === late.run.pool.id)
      .filter(
        (early) => isBefore(early, late) && early.admittedAt !== undefined && late.admittedAt !== undefined,
      )
      .filter((early) => early.queuedAt + ONE_GO_MS < Number(late.admittedAt))
      .filter((early) => Number(early.admittedAt) > Number(late.admittedAt) + ONE_GO_MS)
      .map((early) => `${late.run.id} overtook ${early.run.id}`),
  );
};

/** An execution may go on waiting for a token that nobody has; it finds its run ended then. */
const nothingBuilds: Invariant = ({ world }) =>
  [...world.builds.builds.values()]
    .filter(({ states }) => states.at(-1)?.state === 'IN_PROGRESS')
    .map(({ id, run }) => `${id} of ${run.id} still runs`);

const invariants: Invariant[] = [
  ({ watch }) => watch.broken,
  endedOnce,
  numbersUnique,
  imagesAndVersions,
  onePacker,
  nothingTaken,
  logsWhole,
  accountKnown,
  eventsInOrder,
  pushesInOrder,
  orderKept,
  nothingBuilds,
];

/** All that does not hold. */
export const brokenInvariants = async (history: Rested): Promise<string[]> =>
  (await Promise.all(invariants.map(async (invariant) => invariant(history)))).flat();
