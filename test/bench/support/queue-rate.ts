import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runSchema } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { globalKeys, keys } from '../../../shared/store/keys.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { makeDefinition, makeWorkspace, type TestWorkspace } from '../../integration/client.ts';
import { openTables } from '../../integration/inside.ts';
import { definitionBody } from '../../support/bodies.ts';
import { type LocalStack, startLocalStack } from '../../support/local-stack.ts';
import { cpuOf } from './cpu-time.ts';
import { median, quantile, table } from './figures.ts';
import { type Order, startInstantCloud } from './instant-cloud.ts';
import { buildAtOnce } from './instant-runner.ts';
import { leadFunctions } from './lead-functions.ts';

const WORKSPACES = 5;
const DEFINITIONS = 4;
/** Requests at the same time. */
const CLIENTS = 8;
/** How long nothing may end before the rest counts as lost: twice as long as the reconciler takes to come by. */
const PATIENCE_MS = 120_000;
const LOOK_MS = 1000;
const POOL = 'cloud';

type Place = { workspace: TestWorkspace; definitionId: string };

const furnish = async (limit: number): Promise<Place[]> => {
  const places: Place[] = [];
  for (let each = 0; each < WORKSPACES; each += 1) {
    const workspace = await makeWorkspace({ maxConcurrentRuns: limit });
    const first = await makeDefinition(workspace);
    places.push({ workspace, definitionId: first.id });
    for (let more = 1; more < DEFINITIONS; more += 1) {
      const body = definitionBody(first.parts, { name: `Queue-${more}` });
      places.push({ workspace, definitionId: await workspace.create('/image-definitions', body) });
    }
  }
  return places;
};

/** Asks for all runs, some at a time; answers their ids. */
const requestAll = async (places: Place[], runs: number): Promise<string[]> => {
  const ids: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < runs) {
      const place = places[next % places.length];
      next += 1;
      const answer = await place?.workspace.at('POST', `/image-definitions/${place.definitionId}/runs`);
      if (answer?.status !== 202) throw new Error(`a run was not accepted: ${answer?.text}`);
      ids.push(runSchema.parse(answer.body).id);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return ids;
};

/** Waits until no run is active any more, or none has ended for too long. */
const waitForEnds = async (core: Table, workspaceIds: string[]): Promise<void> => {
  let left = Infinity;
  let since = Date.now();
  while (left > 0 && Date.now() - since < PATIENCE_MS) {
    await pause(LOOK_MS);
    const counts = await Promise.all(workspaceIds.map((id) => runStore(core, scopeTo(id)).countActive()));
    const now = counts.reduce((sum, one) => sum + one, 0);
    if (now !== left) since = Date.now();
    left = now;
  }
};

const readAll = async (core: Table, workspaceIds: string[], runs: number): Promise<StoredRun[]> => {
  const pages = workspaceIds.map((id) => runStore(core, scopeTo(id)).list({ limit: runs + 1 }));
  return (await Promise.all(pages)).flat();
};

/** What is wrong with what came of the accepted runs; nothing, if every one ended exactly once. */
const wrongIn = async (core: Table, accepted: string[], runs: StoredRun[], orders: Order[]) => {
  const ids = new Set(runs.map(({ id }) => id));
  const numbers = new Set(runs.map((run) => `${run.imageDefinitionId} ${run.number}`));
  const versions = new Set(runs.flatMap(({ imageVersionId }) => imageVersionId ?? []));
  const [slots, leases] = await Promise.all([
    core.query(globalKeys.poolSlots(POOL)),
    core.getAll(runs.map((run) => keys.lease(scopeTo(run.workspaceId), run.id))),
  ]);
  return {
    'accepted and not there': accepted.filter((id) => !ids.has(id)).length,
    'not ended': runs.filter((run) => !hasEnded(run)).length,
    'ended, but not well': runs.filter((run) => hasEnded(run) && run.status !== 'Succeeded').length,
    'numbers given twice': runs.length - numbers.size,
    'image versions too few or too many': Math.abs(runs.length - versions.size),
    'builds too few or too many': Math.abs(orders.length - runs.length),
    'slots and leases still taken': slots.length + leases.length,
  };
};

const between = (from: string | undefined, to: string | undefined): number =>
  Date.parse(to ?? '') - Date.parse(from ?? '');

const printParts = (runs: StoredRun[]): void => {
  const parts: [string, (run: StoredRun) => number][] = [
    ['queued', (run) => between(run.createdAt, run.startedAt)],
    ['admitted to claimed', (run) => between(run.startedAt, run.lease?.claimedAt)],
    ['claimed to its end', (run) => between(run.lease?.claimedAt, run.endedAt)],
  ];
  const rows = parts.map(([name, of]) => {
    const values = runs.filter(({ lease }) => lease !== undefined).map(of);
    return [name, ...[0.5, 0.9, 1].map((share) => Math.round(quantile(values, share)).toString())];
  });
  console.log(table(['milliseconds', 'median', 'p90', 'most'], rows));
  const active = runs.map((run) => between(run.startedAt, run.endedAt));
  console.log(`\nadmitted to its end: median ${Math.round(median(active))} ms`);
};

/** Runs a second from the moment at which a fifth had ended to that of four fifths: functions are loaded then. */
const steadyRate = (runs: StoredRun[]): number => {
  const ends = runs.map(({ endedAt }) => Date.parse(endedAt ?? ''));
  const [from, to] = [0.2, 0.8].map((share) => quantile(ends, share));
  return (0.6 * runs.length * 1000) / ((to ?? 0) - (from ?? 0));
};

const measureOn = async (stack: LocalStack, runs: number, limit: number): Promise<boolean> => {
  const orders: Order[] = [];
  const failed: unknown[] = [];
  const cloud = await startInstantCloud((order) => {
    orders.push(order);
    buildAtOnce(order, stack.region).catch((error: unknown) => failed.push(error));
  });
  try {
    const { core } = await openTables();
    const places = await furnish(limit);
    await leadFunctions(cloud.url, limit);
    const workspaceIds = [...new Set(places.map(({ workspace }) => workspace.id))];
    const [cpu, begin] = [cpuOf(stack.pids.emulator), performance.now()];
    const accepted = await requestAll(places, runs);
    const acceptedAfter = (performance.now() - begin) / 1000;
    await waitForEnds(core, workspaceIds);
    const after = cpuOf(stack.pids.emulator);
    const all = await readAll(core, workspaceIds, runs);
    const last = Math.max(...all.map(({ endedAt }) => Date.parse(endedAt ?? '')));
    const took = (last - Math.min(...all.map(({ createdAt }) => Date.parse(createdAt)))) / 1000;
    printParts(all);
    console.log(
      `\n${accepted.length} accepted in ${acceptedAfter.toFixed(1)} s (${(runs / acceptedAfter).toFixed(1)} a second), the last ended ${took.toFixed(1)} s after the first was accepted: ${(runs / took).toFixed(2)} runs a second, from the first fifth to the last ${steadyRate(all).toFixed(2)}`,
    );
    console.log(
      `CPU seconds of a run: emulator ${((after.own - cpu.own) / runs).toFixed(3)}, functions in its processes ${((after.below - cpu.below) / runs).toFixed(3)}`,
    );
    const wrong = await wrongIn(core, accepted, all, orders);
    console.log(
      `\n${table(
        ['wrong', 'runs'],
        Object.entries(wrong).map(([what, count]) => [what, String(count)]),
      )}`,
    );
    for (const error of failed.slice(0, 3)) console.error('a runner failed', error);
    return Object.values(wrong).every((count) => count === 0);
  } finally {
    cloud.stop();
  }
};

/** On a stack of its own, whose functions are given other settings; false when a run was lost. */
export const measureDeployed = async (runs: number, limit: number): Promise<boolean> => {
  const stack = await startLocalStack({ log: () => {} });
  try {
    const { save: _save, stop: _stop, broken: _broken, ...info } = stack;
    const file = join(info.home, 'local.json');
    await writeFile(file, JSON.stringify(info), { mode: 0o600 });
    process.env['GOLDSMITH_LOCAL_JSON'] = file;
    return await measureOn(stack, runs, limit);
  } finally {
    await stack.stop();
  }
};
