import { beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../shared/contracts/entities/run.ts';
import { instancesOf, temporariesOf } from '../support/e2e-account.ts';
import { type Crowd, meetCrowd } from '../support/e2e-crowd.ts';
import { createDefinition, shellStep } from '../support/e2e-definitions.ts';
import { buildIdOf, type Process, processesOf } from '../support/e2e-machine.ts';
import {
  deleteLeftovers,
  hasEnded,
  outputOf,
  readLog,
  readRun,
  startRun,
  stopRun,
  waitForLine,
  waitForRun,
} from '../support/e2e-runs.ts';
import { until } from '../support/e2e-wait.ts';

/** The pool's limit on one machine. */
const AT_ONCE = 2;
/** How many runs are asked for at once, and how many of them are waited for; the others are stopped in the queue. */
const CROWD = 16;
const AWAITED = process.env['GOLDSMITH_FULL_CROWD'] === undefined ? 6 : CROWD;

let run: Run;
let ended: Run;
let killed: Process[] = [];
let packers: Process[] = [];
let groups: string[] = [];
let buildId = '';
let definitionId = '';
/** From the kill to the end of the run, and of the last process. */
let seconds = 0;
let secondsOfPacker = 0;
let nameOf: (step: string) => string;
/** Many runs that go on in the other slot meanwhile. */
let crowd: Crowd;

beforeAll(async () => {
  const lost = await createDefinition('Lost', [shellStep('Sleeps', 'echo asleep; sleep 600')]);
  const short = await createDefinition('Crowd', [shellStep('Short', 'true')]);
  definitionId = lost.definition.id;
  nameOf = lost.nameOf;
  run = await startRun(lost.definition.id);
  await waitForLine(run.id, ({ text }) => text === 'asleep');
  buildId = await buildIdOf(run.id);
  groups = (await instancesOf(run.id)).flatMap(({ SecurityGroups = [] }) =>
    SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []),
  );
  const processes = await processesOf(buildId);
  packers = processes.filter(({ program }) => program === 'packer');
  killed = processes.filter(({ commandLine }) => commandLine.includes('runner.mjs'));
  if (killed.length === 0) throw new Error('The runner was not found.');
  for (const { pid } of killed) process.kill(pid, 'SIGKILL');
  const killedAt = Date.now();
  await until('an end of Packer', 20, async () => (await processesOf(buildId)).length === 0);
  secondsOfPacker = (Date.now() - killedAt) / 1000;
  const waiting = waitForRun(run.id, hasEnded, 150).then((last) => {
    seconds = (Date.now() - killedAt) / 1000;
    return last;
  });
  [ended, crowd] = await Promise.all([waiting, meetCrowd(short.definition.id, CROWD, AWAITED)]);
}, 400_000);

describe('a runner that is killed in the middle of a script', () => {
  it('takes Packer with it at once', () => {
    expect(killed.length).toBeGreaterThan(0);
    expect(packers.length).toBeGreaterThan(0);
    expect(secondsOfPacker).toBeLessThan(5);
  });

  it('fails the run within two minutes without anybody doing anything (S60, S63, S148)', () => {
    expect(ended).toMatchObject({
      status: 'Failed',
      failure: { errorId: 'runner-lost', category: 'platform', step: nameOf('Sleeps') },
    });
    expect(seconds).toBeLessThan(120);
    expect(ended.steps?.map(({ status }) => status)).toEqual(['failed']);
  });

  it('leaves no machine: what Packer could not clean up is swept (S48, S81)', async () => {
    expect(groups.length).toBeGreaterThan(0);
    await until(
      'an end of all temporaries',
      60,
      async () => (await temporariesOf(run.id, groups)).length === 0,
    );
    expect(await temporariesOf(run.id, groups)).toEqual([]);
    expect((await readRun(run.id)).leftovers.count).toBe(0);
  });

  it('keeps what was logged until then (S70)', async () => {
    expect(outputOf(await readLog(run.id), 1)).toEqual(['asleep']);
  });

  it('gives its slot back: as many runs as there are slots start again (S57)', async () => {
    const next = await Promise.all(Array.from({ length: AT_ONCE }, () => startRun(definitionId)));
    const running = await Promise.all(
      next.map(({ id }) => waitForRun(id, ({ status }) => status === 'Running', 30)),
    );
    for (const { id } of running) await stopRun(id);
    const stopped = await Promise.all(running.map(({ id }) => waitForRun(id)));
    for (const { id, leftovers } of stopped) if (leftovers.count > 0) await deleteLeftovers(id);
    expect(running.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual([2, 3]);
  });
});

describe('sixteen runs that are asked for at once', () => {
  it('get sixteen numbers (S50, S127)', () => {
    const numbers = crowd.accepted.map(({ number }) => number).toSorted((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: CROWD }, (_, at) => at + 1));
  });

  it('run no more at one time than the limit allows; the others are told why they wait (S56, S57)', () => {
    expect(crowd.mostAtOnce).toBeGreaterThan(0);
    expect(crowd.mostAtOnce).toBeLessThanOrEqual(AT_ONCE);
    expect(crowd.reasons.length).toBeGreaterThan(0);
    for (const reason of crowd.reasons) expect(reason).toMatch(/runs \d of at most \d|about to start/);
  });

  it('all succeed but those that are stopped, first come first served (S57, S59)', () => {
    expect(crowd.awaited.map(({ status, failure }) => ({ status, failure }))).toEqual(
      Array.from({ length: AWAITED }, () => ({ status: 'Succeeded', failure: undefined })),
    );
    const starts = crowd.awaited.map(({ startedAt = '' }) => Date.parse(startedAt));
    expect(starts.slice(AT_ONCE)).toEqual(starts.slice(AT_ONCE).toSorted((a, b) => a - b));
  });

  it('never start when they are stopped in the queue (S46, S61)', () => {
    expect(crowd.stopped).toHaveLength(CROWD - AWAITED);
    for (const { status, startedAt } of crowd.stopped)
      expect({ status, startedAt }).toEqual({ status: 'Stopped', startedAt: undefined });
  });
});
