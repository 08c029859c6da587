import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { socketTicketSchema } from '../../../shared/contracts/entities/workspace.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { CLAIM_TOKEN, makeRunning } from '../../integration/running.ts';
import { Viewer } from '../../support/e2e-viewer.ts';
import { PATIENCE_SECONDS, until } from '../../support/e2e-wait.ts';
import { runnerOf } from './support/hand-runner.ts';
import { type Accepted, openStage, type Stage } from './support/stage.ts';

/** What goes wrong between the log of a run and who watches it. A push is a hint: the log itself is never in danger. */

let stage: Stage;
const viewers: Viewer[] = [];
beforeAll(async () => {
  stage = await openStage(['AgentApiFunction', 'SocketMessageFunction']);
});
afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.close();
  await stage.settle();
});
afterAll(() => stage.close());

/** A run that a runner has, and nothing else. */
const startWatched = async () => {
  const { workspace, run } = await makeRunning(stage.core);
  const place = stage.watch({ workspace, runId: run.id });
  const runner = runnerOf({
    workspaceId: workspace.id,
    runId: run.id,
    token: CLAIM_TOKEN,
  });
  await runner.claim();
  await runner.say(2);
  return { place, runner };
};
const open = async ({ workspace }: Accepted): Promise<Viewer> => {
  const ticket = socketTicketSchema.parse((await workspace.at('POST', '/socket-tickets')).body);
  const viewer = await Viewer.open(ticket);
  viewers.push(viewer);
  return viewer;
};
const watch = async (place: Accepted, afterSeq = 0): Promise<Viewer> => {
  const viewer = await open(place);
  await viewer.followLog(place.runId, afterSeq);
  return viewer;
};
const listeners = ({ workspace, runId }: Accepted) =>
  socketStore(stage.traffic).logSubscribers(scopeTo(workspace.id), runId);
const seqs = (viewer: Viewer, { runId }: Accepted) => viewer.lines(runId).map(({ seq }) => seq);
const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);
const seen = (viewer: Viewer, place: Accepted, last: number) =>
  until(`line ${last}`, PATIENCE_SECONDS, () => seqs(viewer, place).at(-1) === last);
const connectionOf = (place: Accepted): Promise<string> =>
  until('a listener', PATIENCE_SECONDS, async () => (await listeners(place))[0]?.connectionId);

describe('a viewer', () => {
  test('F32 that is gone (410) is forgotten, and the others go on seeing every line', async () => {
    const { place, runner } = await startWatched();
    await watch(place);
    const gone = await connectionOf(place);
    const stays = await watch(place);
    await until('both listeners', PATIENCE_SECONDS, async () => (await listeners(place)).length === 2);
    const fault = { kind: 'refuse', status: 410, code: 'GoneException' } as const;
    stage.cloud.break({ operation: 'PostToConnection', about: [gone], times: Infinity, fault });
    for (let chunk = 0; chunk < 3; chunk += 1) await runner.say(2);
    await seen(stays, place, 8);
    expect(seqs(stays, place)).toEqual(upTo(8));
    const left = await listeners(place);
    expect(left.map(({ connectionId }) => connectionId)).not.toContain(gone);
    expect(left).toHaveLength(1);
    await stage.finish(place);
  });

  test('F33 to whom pushes are throttled (429) misses lines, not the runner; it heals itself from its last line', async () => {
    const { place, runner } = await startWatched();
    const slow = await watch(place);
    await seen(slow, place, 2);
    const fault = { kind: 'refuse', status: 429, code: 'LimitExceededException' } as const;
    const busy = stage.cloud.break({ operation: 'PostToConnection', times: Infinity, fault });
    expect((await runner.say(3)).nextSeq).toBe(6);
    expect(busy.count()).toBeGreaterThan(0);
    expect(seqs(slow, place)).toEqual([1, 2]);
    busy.mend();
    await runner.say(1);
    await seen(slow, place, 6);
    await slow.followLog(place.runId, 2);
    await until('all lines', PATIENCE_SECONDS, () => new Set(seqs(slow, place)).size === 6);
    await stage.finish(place);
  });

  test('F34 whose connection is cut misses nothing when it comes back with its last line', async () => {
    const { place, runner } = await startWatched();
    const first = await watch(place);
    await seen(first, place, 2);
    first.close();
    await runner.say(5);
    const second = await watch(place, 2);
    await runner.say(2);
    await seen(second, place, 9);
    expect([...seqs(first, place), ...seqs(second, place)]).toEqual(upTo(9));
    await stage.finish(place);
  });
});
