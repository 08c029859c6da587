/** What must hold of every accepted run after every history, whatever broke. */
import { expect } from 'vitest';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { imageVersionStore } from '../../../../shared/store/image-version-store.ts';
import { globalKeys, keys } from '../../../../shared/store/keys.ts';
import { logStore } from '../../../../shared/store/log-store.ts';
import { runStore } from '../../../../shared/store/run-store.ts';
import type { Key } from '../../../../shared/store/keys.ts';
import type { Table } from '../../../../shared/store/table.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import { PATIENCE_SECONDS, until } from '../../../support/e2e-wait.ts';
import type { Bus } from './bus.ts';

export type Deployment = { core: Table; traffic: Table; bus: Bus };

const END_EVENTS = { Succeeded: 'run.succeeded', Failed: 'run.failed', Stopped: 'run.stopped' } as const;
const ENDS: readonly string[] = Object.values(END_EVENTS);

const endEventOf = ({ status }: StoredRun): string =>
  status === 'Queued' || status === 'Running' ? 'none' : END_EVENTS[status];

/** Rows that only a run that has not ended may have. */
const heldBy = async ({ core }: Deployment, run: StoredRun): Promise<string[]> => {
  const scope = scopeTo(run.workspaceId);
  const own: Key[] = [
    keys.lease(scope, run.id),
    keys.activeRun(scope, run.id),
    keys.queued(scope, run.pool.id, { manual: run.trigger.type !== 'schedule', runId: run.id }),
  ];
  const slots = [
    ...(await core.query(keys.workspaceSlots(scope))),
    ...(await core.query(globalKeys.poolSlots(run.pool.id))),
  ].filter((row) => row['runId'] === run.id);
  return [...(await core.getAll(own)), ...slots].map((row) => `${String(row['pk'])} ${String(row['sk'])}`);
};

const checkLog = async ({ traffic }: Deployment, run: StoredRun): Promise<void> => {
  const log = logStore(traffic, scopeTo(run.workspaceId), run.id);
  const { lastSeq, complete } = await log.head();
  const seqs: number[] = [];
  const whole = { afterSeq: 0, beforeSeq: lastSeq + 1000, newestFirst: false };
  for await (const { seq } of log.read(whole)) seqs.push(seq);
  // A run that was stopped in the queue never said anything: its log is read as complete.
  const isEmpty = run.startedAt === undefined && lastSeq === 0;
  expect(complete || isEmpty, `the log of ${run.id} is closed`).toBe(true);
  expect(seqs, `the log of ${run.id} has no hole`).toEqual(
    Array.from({ length: lastSeq }, (_, at) => at + 1),
  );
};

const checkVersion = async ({ core }: Deployment, run: StoredRun): Promise<void> => {
  const versions = imageVersionStore(core, scopeTo(run.workspaceId));
  const all = await versions.listOfDefinition(run.imageDefinitionId, { limit: 100 });
  const own = all.filter(({ number, runId }) => number === run.number || runId === run.id);
  expect(own, `image versions of ${run.id}`).toHaveLength(run.status === 'Succeeded' ? 1 : 0);
  expect(run.imageVersionId !== undefined).toBe(run.status === 'Succeeded');
  if (run.imageVersionId === undefined) return;
  expect(await versions.get(run.imageVersionId)).toMatchObject({ runId: run.id, number: run.number });
};

/** An event may come again; of those that came for the first time the rev rises, and the last is the end that came. */
const checkEvents = async ({ bus }: Deployment, run: StoredRun): Promise<void> => {
  const events = await until(`the last event of ${run.id}`, PATIENCE_SECONDS, async () => {
    const heard = await bus.of(run.id);
    return heard.some(({ type }) => ENDS.includes(type)) ? heard : undefined;
  });
  // Events of the image version bear the version's own rev.
  const told = events.filter(({ type }) => type.startsWith('run.'));
  const types = [...new Map(told.map(({ rev, type }) => [rev, type])).values()];
  const revs = [...new Set(told.map(({ rev = 0 }) => rev))];
  expect(revs, `events of ${run.id} come in the order of rev`).toEqual(revs.toSorted((a, b) => a - b));
  expect(types.filter((type) => ENDS.includes(type))).toEqual([endEventOf(run)]);
  expect(new Set(types).size, `each status of ${run.id} is told once`).toBe(types.length);
};

const checkNumber = async ({ core }: Deployment, run: StoredRun): Promise<void> => {
  const scope = scopeTo(run.workspaceId);
  const all = await runStore(core, scope).list({ limit: 100 });
  const same = all.filter((one) => one.imageName === run.imageName && one.number === run.number);
  expect(
    same.map(({ id }) => id),
    `number ${run.number} belongs to one run`,
  ).toEqual([run.id]);
};

/** Checks one run that must have ended, and answers it. */
export const checkEnded = async (
  deployment: Deployment,
  place: { workspaceId: string; runId: string },
): Promise<StoredRun> => {
  const run = await runStore(deployment.core, scopeTo(place.workspaceId)).get(place.runId);
  if (run === undefined) throw new Error(`there is no run ${place.runId}`);
  expect(['Succeeded', 'Failed', 'Stopped'], `${run.id} has ended`).toContain(run.status);
  expect(run.endedAt).toBeDefined();
  expect([run.taskToken, run.claim], `${run.id} can be claimed no more`).toEqual([undefined, undefined]);
  expect(await heldBy(deployment, run), `${run.id} holds nothing any more`).toEqual([]);
  await checkLog(deployment, run);
  await checkVersion(deployment, run);
  await checkEvents(deployment, run);
  await checkNumber(deployment, run);
  return run;
};
