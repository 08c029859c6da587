import {
  changeLedger,
  countKinds,
  isOpen,
  type LedgerDecision,
  leftoverOf,
} from '../../../shared/actions/leftover-ledger.ts';
import type { Leftover } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { cleaningSince, isGivenUp, needsSweep, secondLookAt } from '../../../shared/domain/run/tidying.ts';
import type { FoundLeftover } from '../../../shared/platforms/platform.ts';
import { leftoverStore } from '../../../shared/store/leftover-store.ts';
import { runRemoval } from '../../../shared/store/run-removal.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Account, Reach, Tidying } from './account.ts';
import { onlyConnectors, reasonOf, reported, toldByTag } from './unreachable.ts';

type Stuck = FoundLeftover & { detail: string };
/** What became of everything that the platform showed. */
type Outcome = { removed: FoundLeftover[]; stuck: Map<string, Stuck> };

/** Deletes in the order that the platform names. One that cannot be deleted holds up no other. */
const removeAll = async (account: Account, run: StoredRun): Promise<Outcome> => {
  const outcome: Outcome = { removed: [], stuck: new Map() };
  for (const one of await account.findLeftovers(run.temporaries ?? [])) {
    try {
      await account.removeLeftover(one);
      outcome.removed.push(one);
    } catch (error) {
      outcome.stuck.set(one.locator, { ...one, detail: reasonOf(error) });
    }
  }
  return outcome;
};

/** A run and its leftovers on record before the platform was asked: what came later is not judged by its answer. */
export type Seen = { run: StoredRun; ledger: Leftover[] };

/**
 * Deletes everything that carries the run's tags. What is there is asked of the platform each time: what stands in our
 * rows may be gone, or have been noted when the platform could not be asked. Throws when something is left, so that it
 * is tried again; after a day that is given up, and what is left is on record for people to see.
 */
export const cleanUp = async (
  reach: Reach,
  engine: Tidying,
  scope: WorkspaceScope,
  seen: Seen,
): Promise<void> => {
  const { run } = seen;
  const since = cleaningSince(run) ?? Date.parse(run.endedAt ?? run.createdAt);
  const isLast = isGivenUp(since, Date.parse(engine.now()));
  let outcome: Outcome;
  try {
    const account = await reach();
    if (account === undefined)
      return await giveUp(engine, scope, seen, { why: onlyConnectors, rest: reported(run) });
    outcome = await removeAll(account, run);
  } catch (error) {
    if (!isLast) throw error;
    return giveUp(engine, scope, seen, { why: reasonOf(error), rest: reported(run) ?? [toldByTag(run)] });
  }
  const { stuck } = outcome;
  if (stuck.size > 0 && isLast) return giveUp(engine, scope, seen, { stuck, rest: [] });
  await changeLedger(engine.core, scope, run.id, (current, ledger) =>
    afterRemoval(engine, { seen, current, ledger }, outcome),
  );
  if (stuck.size > 0) throw new Error(`${stuck.size} leftover(s) could not be deleted`);
};

type Known = { seen: Seen; current: StoredRun; ledger: Leftover[] };

/** The states of what was on record before the platform was asked, and what it showed besides. */
const restated = (
  engine: Tidying,
  { seen, ledger }: Known,
  stuck: Map<string, Stuck>,
  left: 'deleting' | 'kept',
) => {
  const stateAt = engine.now();
  const before = new Set(seen.ledger.map(({ id }) => id));
  return ledger.filter(isOpen).flatMap((one): Leftover[] => {
    const detail = stuck.get(one.locator)?.detail;
    if (detail !== undefined) {
      const isSame = one.state === left && one.detail === detail;
      return isSame ? [] : [{ ...one, state: left, stateAt, detail }];
    }
    return before.has(one.id) ? [{ ...one, state: 'deleted', stateAt, detail: undefined }] : [];
  });
};

const notIn = (ledger: Leftover[], found: Iterable<Stuck | FoundLeftover>) => {
  const known = new Set(ledger.map(({ locator }) => locator));
  return [...found].filter(({ locator }) => !known.has(locator));
};

const afterRemoval = (
  engine: Tidying,
  known: Known,
  { removed, stuck }: Outcome,
): LedgerDecision | undefined => {
  const { current, ledger } = known;
  const left = notIn(ledger, stuck.values()).map((one) =>
    leftoverOf(engine, one, { ...detailOf(one), state: 'deleting' }),
  );
  // What a failed run left goes without a word; what somebody asked to delete is told in full.
  const told = current.status === 'Stopped' ? notIn(ledger, removed) : [];
  const gone = told.map((one) => leftoverOf(engine, one, { state: 'deleted' }));
  const rows = { add: [...left, ...gone], restate: restated(engine, known, stuck, 'deleting') };
  const end = stuck.size > 0 ? undefined : endOf(engine, known);
  const isNothing = rows.add.length + rows.restate.length === 0 && end === undefined;
  return isNothing ? undefined : { ...end, ...rows };
};

const detailOf = (one: Stuck | FoundLeftover) => ('detail' in one ? { detail: one.detail } : {});

/** Everything is deleted: the reconciler stops asking, unless somebody asked for it once more meanwhile. */
const endOf = (engine: Tidying, { seen: { run: seen }, current }: Known): LedgerDecision | undefined => {
  const now = engine.now();
  const isFailed = current.status === 'Failed';
  const isAnswered =
    current.deletionAskedAt !== undefined && current.deletionAskedAt === seen.deletionAskedAt;
  const changes = {
    ...(isFailed && current.sweptAt === undefined ? { sweptAt: now } : {}),
    ...(isFailed && secondLookAt(current) <= Date.parse(now) ? { lookedAgainAt: now } : {}),
  };
  if (Object.keys(changes).length === 0 && !isAnswered) return undefined;
  return { changes, remove: isAnswered ? ['deletionAskedAt'] : [] };
};

/** What could not be deleted, and why; `rest` is what may be there when the platform could not be asked. */
type Remains = { stuck?: Map<string, Stuck>; why?: string; rest: FoundLeftover[] | undefined };

/**
 * What is left is kept from now on, visible with the reason and told of each day. A failed run whose Packer cleaned up
 * by itself, on a platform that nobody can ask, left nothing.
 */
const giveUp = async (
  engine: Tidying,
  scope: WorkspaceScope,
  seen: Seen,
  { stuck = new Map(), why, rest = [] }: Remains,
): Promise<void> => {
  await changeLedger(engine.core, scope, seen.run.id, (current, ledger) => {
    if (cleaningSince(current) !== cleaningSince(seen.run)) return undefined;
    const now = engine.now();
    const asked = { seen, current, ledger };
    const restate =
      why === undefined
        ? restated(engine, asked, stuck, 'kept')
        : ledger.filter(isOpen).map((one) => ({ ...one, state: 'kept' as const, stateAt: now, detail: why }));
    const unseen = ledger.some(isOpen) ? [] : rest;
    const add = notIn(ledger, [...stuck.values(), ...unseen]).map((one) =>
      leftoverOf(engine, one, { state: 'kept', detail: why, ...detailOf(one) }),
    );
    const states = new Map([...ledger, ...add, ...restate].map((one) => [one.id, one]));
    const kinds = countKinds([...states.values()]);
    const reminder = Object.keys(kinds).length === 0 ? {} : { remindedAt: now, leftoverKinds: kinds };
    const isSweep = current.status === 'Failed';
    return {
      add,
      restate,
      changes: { ...reminder, ...(isSweep && needsSweepEver(current) ? { sweepGivenUpAt: now } : {}) },
      remove: ['deletionAskedAt'],
    };
  });
};

const needsSweepEver = (run: StoredRun): boolean => needsSweep(run) || secondLookAt(run) !== Infinity;

/** Of a deleted run only what is marked is left on record; it is forgotten when nothing is left to delete. */
export const cleanUpDeleted = async (
  reach: Reach,
  engine: Tidying,
  scope: WorkspaceScope,
  run: StoredRun,
): Promise<void> => {
  const store = leftoverStore(engine.core, scope);
  const marked = (await store.list(run.id)).filter(({ state }) => state === 'deleting');
  // Of a succeeded run everything that carries its tags may be its image.
  const isWanted = run.status === 'Failed' || (run.status === 'Stopped' && marked.length > 0);
  const account = isWanted ? await reach() : undefined;
  if (account !== undefined) {
    const { stuck } = await removeAll(account, run);
    const gone = marked.filter(({ locator }) => !stuck.has(locator));
    await store.setState(run.id, gone, { state: 'deleted', at: engine.now() });
    if (stuck.size > 0) throw new Error(`${stuck.size} leftover(s) of a deleted run could not be deleted`);
  }
  if (isWanted) await runRemoval(engine.core, scope).forget(run.id);
};
