import type { BuildVm } from '../contracts/entities/run.ts';
import type { StoredRun, Verdict } from '../contracts/stored-run.ts';
import { finish, hasEnded } from '../domain/run/lifecycle.ts';
import { type FoundLeftover, PlatformError } from '../platforms/platform.ts';
import { recordImageVersion } from '../store/image-version-store.ts';
import { recordLeftovers } from '../store/leftover-store.ts';
import { logStore } from '../store/log-store.ts';
import { releaseSlots } from '../store/queue-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Write } from '../store/write.ts';
import { sayUnlessClosed } from './append-log.ts';
import { changeRun } from './change-run.ts';
import { namingChange } from './changed-connection.ts';
import type { Count, Engine } from './engine.ts';
import { leftoverOf, toldByRunner } from './leftover-ledger.ts';
import { connectPlatform, snapshotOf } from './platform-access.ts';

export type Finishing = Engine & {
  newId: (kind: 'leftover' | 'image-version') => string;
  count?: Count;
};

/** A transaction takes 100 writes; the platform's tags still lead to what is not on record. */
const MAX_LEFTOVERS = 80;

/**
 * Ends a run: terminal status, image version, leftovers on record, slots and lease released, all in one transaction.
 * The workflow and the reconciler both call it; whoever comes second finds the run ended and changes nothing.
 * `fallback` is the verdict when no task has reached one.
 */
export const finishRun = async (
  engine: Finishing,
  scope: WorkspaceScope,
  run: StoredRun,
  fallback: Verdict,
): Promise<StoredRun> => {
  if (hasEnded(run)) return run;
  const stopped = run.stopRequestedAt !== undefined && run.completion === undefined;
  const reached: Verdict = run.verdict ?? (stopped ? { outcome: 'stopped' } : fallback);
  const judged = await namingChange(engine, scope, run, reached);
  const kept = judged.outcome === 'stopped' ? await findKept(engine, scope, run) : nothingKept;
  const log = logStore(engine.traffic, scope, run.id);
  // Two at once, or a repetition after a crash: the end is said once.
  const said = (await log.head()).complete ? undefined : await sayEnd(engine, scope, run, judged);
  const lastSeq = await log.close();
  const verdict = withLine(judged, said ?? lastSeq);
  // Of two at once, and after a write whose answer was lost, at most one ends the run.
  let isOurs = false;
  const ended = await changeRun(engine.core, scope, run.id, (current) => {
    isOurs = !hasEnded(current);
    if (!isOurs) return undefined;
    const now = engine.now();
    const maker = { newId: engine.newId, now: () => now };
    const leftovers = kept.leftovers
      .slice(0, MAX_LEFTOVERS)
      .map((found) => leftoverOf(maker, found, { state: 'kept' }));
    const image = recordsOf(engine, scope, current, verdict, now);
    const changes = {
      ...finish(current, verdict, now),
      ...image.changes,
      leftoverCount: leftovers.length,
      buildVm: kept.buildVm ?? current.buildVm,
    };
    const more = [...releaseSlots(current), ...image.writes, ...recordLeftovers(scope, run.id, leftovers)];
    return { changes, options: { more, remove: [...SPENT, ...spentLogin(kept)] } };
  });
  if (isOurs && ended.failure?.errorId === 'unclassified') engine.count?.('UnclassifiedFailures');
  return ended;
};

/** What only a run that goes on needs: also the reason why it waited. */
const SPENT = ['taskToken', 'claim', 'startAgainAt', 'startTries', 'statusReason'] as const;

/** Only a VM that stays has a login, or one that the platform could not be asked about. */
const spentLogin = ({ isVmKept }: { isVmKept: boolean }): 'vmLogin'[] => (isVmKept ? [] : ['vmLogin']);

/** A failure that no line told of before points to the line that tells the end. */
const withLine = (verdict: Verdict, seq: number): Verdict =>
  verdict.outcome === 'failed' && verdict.failure.logSeq === null
    ? { ...verdict, failure: { ...verdict.failure, logSeq: seq } }
    : verdict;

const hadRunner = ({ lease, packerStartedAt, temporaries }: StoredRun): boolean =>
  lease !== undefined || packerStartedAt !== undefined || temporaries !== undefined;

type Kept = { leftovers: FoundLeftover[]; buildVm?: BuildVm; isVmKept: boolean };
const nothingKept: Kept = { leftovers: [], isVmKept: false };

/**
 * What a stopped run leaves in the customer's account, as the platform shows it; when it cannot be asked, as the
 * runner reported it. A run that no runner ever had has nothing, and the platform is not asked.
 */
const findKept = async (engine: Finishing, scope: WorkspaceScope, run: StoredRun): Promise<Kept> => {
  if (run.bundle === undefined || !hadRunner(run)) return nothingKept;
  const known = run.temporaries ?? [];
  try {
    const client = await connectPlatform(engine, run, await snapshotOf(engine, run));
    const [leftovers, buildVm] = await Promise.all([client.findLeftovers(known), client.describeBuildVm()]);
    const described = buildVm === undefined ? {} : { buildVm: { ...run.buildVm, ...buildVm } };
    return { leftovers, isVmKept: buildVm !== undefined, ...described };
  } catch (error) {
    const text = `The platform could not be asked what is left: ${error instanceof PlatformError ? error.message : 'it did not answer'}`;
    await sayUnlessClosed(engine, scope, run.id, [{ text, level: 'warn' }]);
    return { leftovers: toldByRunner(run), isVmKept: true };
  }
};

/** Answers the number of the line; undefined when somebody else finishes the run at this moment and has said it. */
const sayEnd = (
  engine: Finishing,
  scope: WorkspaceScope,
  run: StoredRun,
  verdict: Verdict,
): Promise<number | undefined> => {
  const level = verdict.outcome === 'failed' ? ('error' as const) : ('info' as const);
  const text =
    verdict.outcome === 'failed'
      ? `Run failed (${verdict.failure.errorId}): ${verdict.failure.message} Remedy: ${verdict.failure.remedy}`
      : `Run ${verdict.outcome}.`;
  return sayUnlessClosed(engine, scope, run.id, [{ text, level }]);
};

/** What the image was made with. Packer 1.6 has its plugins built in: then there are no versions of them to tell. */
const toolchainOf = ({ lease, plugins = {} }: StoredRun) => ({
  packer: lease?.packerVersion,
  runner: lease?.runnerVersion,
  ...(Object.keys(plugins).length === 0 ? {} : { plugins }),
});

const recordsOf = (
  engine: Finishing,
  scope: WorkspaceScope,
  run: StoredRun,
  verdict: Verdict,
  now: string,
) => {
  const none: Write[] = [];
  if (verdict.outcome !== 'succeeded') return { changes: {}, writes: none };
  const version = {
    id: engine.newId('image-version'),
    number: run.number,
    name: `${run.imageName}-v${run.number}`,
    imageDefinitionId: run.imageDefinitionId,
    runId: run.id,
    state: 'available' as const,
    locators: run.locators ?? [],
    baseImage: run.baseImage,
    connectionId: run.connectionId,
    toolchain: toolchainOf(run),
    createdAt: now,
  };
  return { changes: { imageVersionId: version.id }, writes: recordImageVersion(scope, version) };
};
