import { claimRun, endWorkflow, furnish, requestRun, startWorkflow } from '../../support/metered-run.ts';
import { type MeteredWorld, openMeteredWorld } from '../../support/metered-world.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { table } from './figures.ts';

/** Runs of one world: the table in memory looks at each of its rows, so a large one would be measured in the engine's place. */
const RUNS_OF_WORLD = 50;
const DEFINITIONS = 5;
const STEPS = 3;

/** Lets so many runs wait, then all of them through; answers how many ended well. */
const runAll = async (world: MeteredWorld, runs: number, spent: Map<string, number>): Promise<number> => {
  const { workspaceId, definitions } = await furnish(world, STEPS, DEFINITIONS - 1);
  await world.settle();
  const timed = async <T>(part: string, work: () => Promise<T>): Promise<T> => {
    const begin = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(begin);
    spent.set(part, (spent.get(part) ?? 0) + (user + system) / 1000);
    return result;
  };
  for (let run = 0; run < runs; run += 1)
    await timed('accepted', () =>
      requestRun(world, { workspaceId, definitionId: definitions[run % DEFINITIONS] ?? '' }),
    );
  await timed('told, admitted', () => world.settle());
  for (let run = world.admitted.shift(); run !== undefined; run = world.admitted.shift()) {
    const own = run;
    const token = await timed('prepared, build started', () => startWorkflow(world, own));
    await timed('claimed, one chunk, completed', async () => {
      const runner = await claimRun(world, own, token);
      await runner.say(10, []);
      await runner.complete();
    });
    await timed('verified, finished', () => endWorkflow(world, own));
    await timed('told, admitted', () => world.settle());
  }
  const all = await runStore(world.engine.core, scopeTo(workspaceId)).list({ limit: runs + 1 });
  return all.filter(({ status }) => status === 'Succeeded').length;
};

/** CPU milliseconds of a run in this process, without any network. */
export const measureEngine = async (runs: number): Promise<void> => {
  const spent = new Map<string, number>();
  let ended = 0;
  for (let left = runs; left > 0; left -= RUNS_OF_WORLD)
    ended += await runAll(openMeteredWorld(), Math.min(left, RUNS_OF_WORLD), spent);
  const all = [...spent.values()].reduce((sum, one) => sum + one, 0);
  const rows = [...spent].map(([part, milliseconds]) => [part, (milliseconds / runs).toFixed(2)]);
  console.log(table(['CPU of a run', 'ms'], [...rows, ['sum', (all / runs).toFixed(2)]]));
  console.log(
    `\naccepted ${runs}, ended ${ended}: ${Math.round((runs / all) * 1000)} runs a second on one core`,
  );
};
