import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PATIENCE_SECONDS, until } from '../../support/e2e-wait.ts';
import { endBuild, environmentOf } from './support/builds.ts';
import { type HandRunner, runnerOf } from './support/hand-runner.ts';
import { type Broken, throttled, WRITES } from './support/rules.ts';
import { type Accepted, LONG_AGO, openStage, type Stage } from './support/stage.ts';

/**
 * Everything at once: for as long as six runs go on, calls of every function are throttled, lost, and now and then the
 * last that the function makes. Which ones follows from the seed; GOLDSMITH_FAULT_SEED chooses another.
 */

const SEED = Number(process.env['GOLDSMITH_FAULT_SEED'] ?? '6');
const RUNS = 6;
const LED = ['DispatchRuns', 'StartBuild', 'AgentApi', 'Verify', 'Finish', 'Reconcile'];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(
    LED.map((name) => `${name}Function`),
    SEED,
  );
});
afterEach(() => stage.settle());
afterAll(() => stage.close());

/** Answers how many calls were hit so far. */
const letItRain = (): (() => number) => {
  const rules: Broken[] = [];
  for (const operation of [...WRITES, 'StartExecution', 'StartBuild', 'SendTaskSuccess', 'SendTaskFailure']) {
    const rule = { operation, times: Infinity };
    rules.push(stage.cloud.break({ ...rule, chance: 0.08, fault: throttled }));
    rules.push(stage.cloud.break({ ...rule, chance: 0.08, fault: { kind: 'lose' } }));
    rules.push(stage.cloud.break({ ...rule, chance: 0.02, fault: { kind: 'kill', moment: 'before' } }));
    rules.push(stage.cloud.break({ ...rule, chance: 0.02, fault: { kind: 'kill', moment: 'after' } }));
  }
  return () => rules.reduce((sum, { count }) => sum + count(), 0);
};

/** Asks until there is an answer that is no fault of the network or the service, as the runner does. */
const answered = (ask: () => Promise<{ status: number }>): Promise<number> =>
  until('an answer', PATIENCE_SECONDS, async () => {
    const { status } = await ask();
    return status < 500 ? status : undefined;
  });

/** What the runner of a build does; whoever is told that the run is not, or no more, his ends without a word. */
const work = async (runner: HandRunner): Promise<void> => {
  const claimed = await answered(async () => {
    const answer = await runner.tryToClaim();
    if (answer.status === 200) runner.take(answer);
    return answer;
  });
  if (claimed !== 200) return;
  const packerStarts = await answered(() => runner.send('heartbeat', { progress: { packerStarts: true } }));
  if (packerStarts === 200) await answered(() => runner.complete());
};

/** Plays the runner of every build of a run, each once, and ends the build with it. */
const playRunners = (run: Accepted) => {
  const played = new Set<string>();
  return async (): Promise<void> => {
    for (const { id, environment } of await stage.builds(run)) {
      if (played.has(id)) continue;
      played.add(id);
      await work(runnerOf(environmentOf(environment.environmentVariables), `storm${played.size}`));
      await endBuild(id, 'SUCCEEDED');
    }
  };
};

/** What a run waits for is over, and it is due for a look. */
const hurry = async (run: Accepted): Promise<boolean> => {
  const { status, startAgainAt } = await stage.read(run);
  if (status === 'Running')
    await stage.letPass(run, startAgainAt === undefined ? {} : { startAgainAt: LONG_AGO });
  return status !== 'Queued' && status !== 'Running';
};

/** Rounds of bad weather; what is still under way then ends in fair weather. */
const ROUNDS = 6;
const MOST_ROUNDS = 30;

test(`six runs in a storm end once each, whatever is lost, throttled or killed (seed ${SEED})`, async () => {
  const place = await stage.furnish();
  const runs: Accepted[] = [];
  for (let each = 0; each < RUNS; each += 1) runs.push(await stage.start(place));
  const hits = letItRain();
  const players = runs.map(playRunners);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (round === ROUNDS) stage.cloud.mend();
    const ended = await Promise.all(runs.map(hurry));
    if (ended.every(Boolean)) break;
    await stage.wakePool();
    // Both may die of the weather; the next round does what they did not.
    await Promise.allSettled([stage.reconcile(), stage.dispatch()]);
    await Promise.all(players.map((play) => play()));
  }
  const ended = await Promise.all(runs.map((run) => stage.read(run)));
  const short = ended.map(({ status, phase, statusReason }) => ({ status, phase, statusReason }));
  expect(short).toEqual(runs.map(() => ({ status: 'Failed', phase: 'finished', statusReason: undefined })));
  expect(hits()).toBeGreaterThan(0);
  expect(new Set(ended.map(({ number }) => number)).size).toBe(RUNS);
});
