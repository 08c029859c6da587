import {
  changeLedger,
  countKinds,
  isOpen,
  type LedgerDecision,
  leftoverOf,
} from '../../../shared/actions/leftover-ledger.ts';
import type { Leftover } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { cleaningSince, isGivenUp, reminderAt, secondLookAt } from '../../../shared/domain/run/tidying.ts';
import type { FoundLeftover } from '../../../shared/platforms/platform.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Reach, Tidying } from './account.ts';
import { toldByTag } from './unreachable.ts';

/** What the platform shows, and when it was asked; undefined: it could not be asked. */
type Shown = { found: FoundLeftover[]; askedAt: string } | undefined;

/**
 * The second look at what a stopped run left, and each day's look before people are reminded of it: what is new goes
 * on record, what is gone is marked so, and nothing is deleted. The reminder is the change of `remindedAt`, which the
 * table's stream tells. Of two at once, one is the second look and one is the day's reminder.
 */
export const lookAgain = async (
  reach: Reach,
  engine: Tidying,
  scope: WorkspaceScope,
  run: StoredRun,
): Promise<void> => {
  const shown = await ask(reach, engine, run);
  await changeLedger(engine.core, scope, run.id, (current, ledger) => decide(engine, current, ledger, shown));
};

const ask = async (reach: Reach, engine: Tidying, run: StoredRun): Promise<Shown> => {
  const askedAt = engine.now();
  try {
    const account = await reach();
    if (account === undefined) return undefined;
    return { found: await account.findLeftovers(run.temporaries ?? []), askedAt };
  } catch (error) {
    // A second look waits until the platform answers, for a day; a reminder tells what is on record.
    const now = Date.parse(askedAt);
    if (secondLookAt(run) <= now && !isGivenUp(secondLookAt(run), now)) throw error;
    logger.warn('the platform could not be asked what is left', { runId: run.id, error });
    // Nobody knows: the tag is kept on record in place of what it may lead to.
    return run.leftoverCount === 0 ? { found: [toldByTag(run)], askedAt } : undefined;
  }
};

const decide = (
  engine: Tidying,
  current: StoredRun,
  ledger: Leftover[],
  shown: Shown,
): LedgerDecision | undefined => {
  // Somebody asked to delete it all while the platform was asked.
  if (cleaningSince(current) !== undefined) return undefined;
  const now = engine.now();
  const add =
    shown === undefined ? [] : newOf(ledger, shown).map((one) => leftoverOf(engine, one, { state: 'kept' }));
  const restate = shown === undefined ? [] : changedOf(ledger, shown, now);
  const states = new Map([...ledger, ...add, ...restate].map((one) => [one.id, one]));
  const kinds = countKinds([...states.values()]);
  const isSecond = secondLookAt(current) <= Date.parse(now);
  const isReminder = reminderAt(current) <= Date.parse(now) && Object.keys(kinds).length > 0;
  if (!isSecond && !isReminder && add.length + restate.length === 0) return undefined;
  const changes = {
    ...(isSecond ? { lookedAgainAt: now } : {}),
    ...(isReminder ? { remindedAt: now, leftoverKinds: kinds } : {}),
  };
  return { changes, add, restate };
};

const newOf = (ledger: Leftover[], { found }: NonNullable<Shown>): FoundLeftover[] => {
  const known = new Set(ledger.map(({ locator }) => locator));
  return found.filter(({ locator }) => !known.has(locator));
};

/** What is gone, and what was deleted before the platform was asked and is there all the same. */
const changedOf = (ledger: Leftover[], { found, askedAt }: NonNullable<Shown>, now: string): Leftover[] => {
  const there = new Set(found.map(({ locator }) => locator));
  return ledger.flatMap((one): Leftover[] => {
    const since = one.stateAt ?? one.createdAt;
    // On record since the platform was asked, by somebody who asked later.
    if (since >= askedAt) return [];
    if (isOpen(one) !== there.has(one.locator))
      return [{ ...one, state: isOpen(one) ? 'deleted' : 'kept', stateAt: now, detail: undefined }];
    return [];
  });
};
