import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { leftoverSchema, type Run } from '../../shared/contracts/entities/run.ts';
import { vmAccessSchema } from '../../shared/contracts/entities/vm-access.ts';
import { greetSsh, imagesNamed, instancesOf, runOverSsh, temporariesOf } from '../support/e2e-account.ts';
import { localStack, request } from '../support/e2e-client.ts';
import { createDefinition, shellStep } from '../support/e2e-definitions.ts';
import {
  allObjects,
  allRowTexts,
  buildIdOf,
  buildLog,
  findBuildId,
  processesOf,
} from '../support/e2e-machine.ts';
import {
  activeRuns,
  deleteLeftovers,
  hasEnded,
  readLeftovers,
  readLog,
  readRun,
  startRun,
  stopRun,
  waitForLine,
  waitForRun,
} from '../support/e2e-runs.ts';
import { describeStop, timeStop } from '../support/e2e-stop.ts';
import { until } from '../support/e2e-wait.ts';

const listSchema = z.object({ items: z.array(leftoverSchema) });
const KINDS = ['ec2-instance', 'ec2-key-pair', 'ec2-security-group', 'ec2-volume'];

const steps = [
  shellStep('Sleeps', 'echo something > /tmp/trace; echo asleep; sleep 600'),
  shellStep('Last', 'echo the last step ran'),
];

/** Every run of this file; whatever happens, none of them is left with a machine. */
const started: Run[] = [];
let definitionId = '';

const start = async (): Promise<Run> => {
  const run = await startRun(definitionId);
  started.push(run);
  return run;
};
const isAsleep = ({ text }: { text: string }): boolean => text === 'asleep';

beforeAll(async () => {
  definitionId = (await createDefinition('Sleeper', steps)).definition.id;
});

afterAll(async () => {
  const left = await Promise.all(started.map(({ id }) => readRun(id)));
  for (const run of left.filter((each) => !hasEnded(each))) await stopRun(run.id);
  const ended = await Promise.all(started.map(({ id }) => waitForRun(id)));
  await Promise.all(
    ended.filter(({ leftovers }) => leftovers.count > 0).map(({ id }) => deleteLeftovers(id)),
  );
});

describe('a run that is stopped while a script runs', () => {
  let run: Run;
  let stopped: Run;
  let asked: Run;
  let again: { status: number; body: unknown };
  let packersBefore = 0;
  let buildId = '';

  beforeAll(async () => {
    run = await start();
    await waitForLine(run.id, isAsleep);
    buildId = await buildIdOf(run.id);
    packersBefore = (await processesOf(buildId)).filter(({ program }) => program === 'packer').length;
    const timed = await timeStop(run.id, async () => {
      again = await request('POST', `/runs/${run.id}/stop`);
    });
    ({ asked, stopped } = timed);
    console.log(describeStop('a stop while a script runs', timed));
  });

  it('is Stopped, and not before it has really stopped (S46, S61, S62)', () => {
    expect(asked).toMatchObject({ status: 'Running', phase: 'stopping' });
    expect(asked.stopRequestedAt).toBeDefined();
    expect(stopped).toMatchObject({ status: 'Stopped', phase: 'finished' });
    expect(stopped.failure).toBeUndefined();
  });

  it('does not mind to be asked twice, and refuses once it has ended (S63)', async () => {
    expect(again.status).toBe(202);
    const late = await request('POST', `/runs/${run.id}/stop`);
    expect(late).toMatchObject({ status: 409, body: { code: 'already-finished' } });
    expect((await readRun(run.id)).rev).toBe(stopped.rev);
  });

  it('skips the step that was under way and those after it (S61, S76)', async () => {
    expect(stopped.steps?.map(({ status }) => status)).toEqual(['skipped', 'skipped']);
    const texts = (await readLog(run.id)).map(({ text }) => text);
    expect(texts).not.toContain('the last step ran');
    expect(texts.some((text) => /^Step 1\/2 .*: stopped after/.test(text))).toBe(true);
  });

  it('leaves no process of Packer or of the build', async () => {
    expect(packersBefore).toBeGreaterThan(0);
    await until('an end of all processes', 10, async () => (await processesOf(buildId)).length === 0);
    expect(await processesOf(buildId)).toEqual([]);
  });

  it('makes no image (S61, S128)', async () => {
    expect(stopped.image).toBeUndefined();
    expect(await imagesNamed(stopped.imageName)).toEqual([]);
  });

  it('leaves its build VM running, and says where it is (S82, S83)', async () => {
    const [instance, ...others] = await instancesOf(run.id);
    expect(others).toEqual([]);
    expect(instance?.State?.Name).toBe('running');
    expect(stopped.buildVm).toEqual({
      kind: 'ec2-instance',
      locator: instance?.InstanceId,
      region: localStack().region,
      address: instance?.PrivateIpAddress,
      user: 'admin',
    });
    // What was said of it while it was built still holds.
    expect(asked.buildVm).toEqual(stopped.buildVm);
    expect(await greetSsh(stopped.buildVm?.address ?? '', stopped.buildVm?.user ?? '')).toBe(
      'refused our key',
    );
  });

  it('tells once how to log in to it, where the trace of the step is found (S83)', async () => {
    const first = await request('POST', `/runs/${run.id}/vm-access`);
    expect(first.status).toBe(200);
    const access = vmAccessSchema.parse(first.body);
    expect(access).toMatchObject({ communicator: 'ssh', host: stopped.buildVm?.address, user: 'admin' });
    expect(await runOverSsh(access, 'cat /tmp/trace')).toBe('something\n');
    const second = await request('POST', `/runs/${run.id}/vm-access`);
    expect(second).toMatchObject({ status: 409, body: { code: 'vm-access-given' } });
    // Told to one person, and left nowhere.
    const line = access.privateKey?.split('\n')[3] ?? '';
    expect(line).toMatch(/^[\w+/]{40,}$/);
    const all = [await allRowTexts(), await readLog(run.id), await buildLog(buildId), await readRun(run.id)];
    expect(JSON.stringify(all)).not.toContain(line);
    for (const { content } of await allObjects()) expect(content.includes(line)).toBe(false);
  });

  it('reminds of everything that it left: machine, volume, key pair and security group (S47, S84)', async () => {
    const leftovers = await readLeftovers(run.id);
    expect(leftovers.map(({ kind }) => kind).toSorted((a, b) => a.localeCompare(b))).toEqual(KINDS);
    expect(new Set(leftovers.map(({ state }) => state))).toEqual(new Set(['kept']));
    expect(stopped.leftovers.count).toBe(4);
    const locators = leftovers.map(({ locator }) => locator);
    expect(locators).toContain(`${stopped.buildVm?.region}/${stopped.buildVm?.locator}`);
  });

  it('keeps all of it when deleting is only tried (S84)', async () => {
    const dry = await request('DELETE', `/runs/${run.id}/leftovers`);
    expect(dry.status).toBe(200);
    expect(listSchema.parse(dry.body).items).toEqual(await readLeftovers(run.id));
    expect(await instancesOf(run.id)).toHaveLength(1);
  });

  it('loses all of it when somebody asks for that (S84)', async () => {
    const groups = (await readLeftovers(run.id))
      .filter(({ kind }) => kind === 'ec2-security-group')
      .map(({ locator }) => locator.split('/')[1] ?? '');
    const kinds = (await temporariesOf(run.id, groups)).map((each) => each.split(' ')[0] ?? '');
    expect(kinds.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'instance',
      'key-pair',
      'security-group',
      'volume',
    ]);
    await deleteLeftovers(run.id);
    expect(await temporariesOf(run.id, groups)).toEqual([]);
    const states = (await readLeftovers(run.id)).map(({ state }) => state);
    expect(states).toEqual(Array(4).fill('deleted'));
    expect(await readRun(run.id)).toMatchObject({ status: 'Stopped', leftovers: { count: 0 } });
  });
});

describe('a run that is stopped while it waits for a slot', () => {
  it('is Stopped at once, never starts and has nothing to leave (S46, S57, S61, S64)', async () => {
    const first = await start();
    const second = await start();
    const waiting = await start();
    expect(await readRun(waiting.id)).toMatchObject({ status: 'Queued', phase: 'queued' });
    const stopped = await stopRun(waiting.id);
    expect(stopped).toMatchObject({ status: 'Stopped', phase: 'finished' });
    expect(stopped.startedAt).toBeUndefined();
    for (const { id } of [first, second]) await stopRun(id);
    for (const { id } of [first, second]) await waitForRun(id);
    // Both slots are free now: had it stayed in the queue, it would start.
    const next = await start();
    await waitForRun(next.id, ({ status }) => status === 'Running');
    await stopRun(next.id);
    await waitForRun(next.id);
    const after = await readRun(waiting.id);
    expect(after.rev).toBe(stopped.rev);
    expect(await findBuildId(waiting.id)).toBeUndefined();
    expect(await readLog(waiting.id)).toEqual([]);
  });
});

/** Moments after the start, in milliseconds: admission, Prepare, start of the build, claim, Packer, VM, script. */
const MOMENTS = [0, 150, 400, 900, 1600, 2500, 4000, 7000];

describe('a run that is stopped at any moment', () => {
  it('ends Stopped, gives its slot back and leaves no process (S46, S61, S62)', async () => {
    const stopAfter = async (milliseconds: number) => {
      const run = await start();
      await waitForRun(run.id, ({ status }) => status === 'Running');
      await sleep(milliseconds * (0.8 + 0.4 * Math.random()));
      const { phase } = await readRun(run.id);
      const timed = await timeStop(run.id);
      console.log(describeStop(`a stop ${milliseconds} ms after the start (${phase})`, timed));
      return timed.stopped;
    };
    const results: Awaited<ReturnType<typeof stopAfter>>[] = [];
    for (let at = 0; at < MOMENTS.length; at += 2) {
      results.push(...(await Promise.all(MOMENTS.slice(at, at + 2).map(stopAfter))));
    }
    expect(results.map(({ status }) => status)).toEqual(MOMENTS.map(() => 'Stopped'));
    for (const ended of results) {
      const buildId = await findBuildId(ended.id);
      if (buildId === undefined) continue;
      await until('an end of all processes', 10, async () => (await processesOf(buildId)).length === 0);
    }
    const ids = new Set(results.map(({ id }) => id));
    expect((await activeRuns()).filter(({ id }) => ids.has(id))).toEqual([]);
    // With slots lost on the way this one would wait for ever.
    const next = await start();
    await waitForRun(next.id, ({ status }) => status === 'Running', 20);
  });
});
