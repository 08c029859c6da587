import type { Leftover } from '../contracts/entities/run.ts';
import type { StoredRun } from '../contracts/stored-run.ts';
import type { RunChanges } from '../domain/run/lifecycle.ts';
import type { FoundLeftover } from '../platforms/platform.ts';
import { leftoverStore, recordLeftovers, restateLeftovers } from '../store/leftover-store.ts';
import { contended } from '../store/retry.ts';
import { runStore } from '../store/run-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Write } from '../store/write.ts';
import { RunGone } from './change-run.ts';
import { isVmGone } from './vm-login.ts';

/** What to write of the leftovers of a run and of the run itself. */
export type LedgerDecision = {
  changes?: RunChanges;
  remove?: (keyof RunChanges)[];
  add?: Leftover[];
  restate?: Leftover[];
  /** Further writes, of the last transaction. */
  more?: Write[];
};

/** A transaction takes 100 writes; there is room for the run and for those of the caller. */
const AT_ONCE = 90;

export const isOpen = ({ state }: Pick<Leftover, 'state'>): boolean => state !== 'deleted';

const ledgerAfter = (ledger: Leftover[], { add = [], restate = [] }: LedgerDecision): Leftover[] => {
  const states = new Map([...ledger, ...add, ...restate].map((one) => [one.id, one]));
  return [...states.values()];
};

/** Whoever has the VM deleted logs in to it no more. */
const spentLogin = (run: StoredRun, ledger: Leftover[]): 'vmLogin'[] =>
  run.vmLogin !== undefined && isVmGone(run, ledger) ? ['vmLogin'] : [];

/** As much of a decision as one transaction takes. What is left is decided anew, from what stands there then. */
const firstPart = (decision: LedgerDecision): { part: LedgerDecision; isAll: boolean } => {
  const { add = [], restate = [] } = decision;
  if (add.length + restate.length <= AT_ONCE) return { part: decision, isAll: true };
  const some = add.slice(0, AT_ONCE);
  return { part: { add: some, restate: restate.slice(0, AT_ONCE - some.length) }, isAll: false };
};

/**
 * Reads a run and its leftovers on record, lets `decide` look at them and writes what it decides together with the
 * number of those that are left, under the run's `rev`: of two at once one begins anew. A number that is wrong is put right
 * even when nothing is decided. More than a transaction takes is
 * written in parts, so `decide` must want nothing that it has already. Throws RunGone.
 */
export const changeLedger = async (
  core: Table,
  scope: WorkspaceScope,
  runId: string,
  decide: (run: StoredRun, ledger: Leftover[]) => LedgerDecision | undefined,
): Promise<StoredRun> => {
  const runs = runStore(core, scope);
  const attempt = async (): Promise<{ run: StoredRun; isAll: boolean }> => {
    const run = await runs.get(runId);
    if (run === undefined) throw new RunGone(runId);
    const ledger = await leftoverStore(core, scope).list(runId);
    const isCounted = ledger.filter(isOpen).length === run.leftoverCount;
    const decision = decide(run, ledger) ?? (isCounted ? undefined : {});
    if (decision === undefined) return { run, isAll: true };
    const { part, isAll } = firstPart(decision);
    const after = ledgerAfter(ledger, part);
    const changes = { ...part.changes, leftoverCount: after.filter(isOpen).length };
    const remove = [...(part.remove ?? []), ...spentLogin(run, after)];
    const more = [
      ...recordLeftovers(scope, runId, part.add ?? []),
      ...restateLeftovers(scope, runId, part.restate ?? []),
      ...(part.more ?? []),
    ];
    return { run: await runs.change(run, changes, { more, remove }), isAll };
  };
  for (;;) {
    const { run, isAll } = await contended(attempt, undefined, core.clock);
    if (isAll) return run;
  }
};

type Maker = { newId: (kind: 'leftover') => string; now: () => string };

/** A leftover that is new on record. */
export const leftoverOf = (
  { newId, now }: Maker,
  { kind, locator }: FoundLeftover,
  fields: Pick<Leftover, 'state'> & Pick<Partial<Leftover>, 'detail'>,
): Leftover => {
  const at = now();
  return { id: newId('leftover'), kind, locator, createdAt: at, stateAt: at, ...fields };
};

/** How many of each kind are left. */
export const countKinds = (ledger: Leftover[]): Record<string, number> => {
  const kinds: Record<string, number> = {};
  for (const { kind } of ledger.filter(isOpen)) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
};

/** What a runner told that its build made for a while, for when the platform cannot be asked. The machine comes first. */
export const toldByRunner = ({
  buildVm,
  temporaries = [],
}: Pick<StoredRun, 'buildVm' | 'temporaries'>): FoundLeftover[] => {
  const told = temporaries.map(({ kind, id }) => ({ kind, locator: id }));
  const isTold = buildVm === undefined || told.some(({ locator }) => locator === buildVm.locator);
  return isTold ? told : [{ kind: buildVm.kind, locator: buildVm.locator }, ...told];
};
