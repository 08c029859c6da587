/**
 * How builds of the CodeBuild stand-in end before their time, wait for their turn, and outlive the stand-in.
 */
import { readlinkSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Build, ResourceNotFoundException, StopBuildCommand } from '@aws-sdk/client-codebuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CodeBuildFixture, phasesOf, type StandIn, waitForLine } from './codebuild-fixture.ts';

let fixture: CodeBuildFixture;
let standIn: StandIn | undefined;
const machines: number[] = [];

beforeAll(async () => {
  fixture = await CodeBuildFixture.create();
});

afterEach(async () => {
  await standIn?.stop();
  for (const pid of machines.splice(0)) process.kill(pid, 'SIGKILL');
});

afterAll(async () => {
  await fixture.close();
});

const sleeping = { phases: { build: { commands: ['echo "pid $$"; sleep 60'] } } };

describe('StopBuild', () => {
  test('kills what runs in sessions of its own, as daemons and with an environment of its own, but no virtual machine', async () => {
    standIn = await fixture.startStandIn();
    const folder = await mkdtemp(join(tmpdir(), 'goldsmith-qemu-'));
    const qemu = join(folder, 'qemu-system-x86_64');
    await copyFile('/bin/sleep', qemu);
    await chmod(qemu, 0o755);
    const project = await fixture.createProject({
      phases: {
        build: {
          commands: [
            [
              `setsid sh -c 'echo "session $$"; exec sleep 60' &`,
              `(setsid sleep 62 & echo "daemon $!")`,
              `(env -i "TMPDIR=$TMPDIR/own" "$(command -v setsid)" "$(command -v sleep)" 64 & echo "stray $!")`,
              `setsid ${qemu} 60 & echo "machine $!"`,
              'sleep 63',
            ].join('\n'),
          ],
        },
      },
    });
    const build = await standIn.start(project);
    const pids = new Map<string, number>();
    for (const name of ['session', 'daemon', 'stray', 'machine']) {
      pids.set(name, Number(await waitForLine(build, `${name} `)));
    }
    machines.push(pids.get('machine') ?? 0);

    const { build: stopped } = await standIn.client.send(new StopBuildCommand({ id: build.id }));

    expect(stopped).toMatchObject({ buildStatus: 'STOPPED', buildComplete: true });
    expect(phasesOf(await standIn.read(build.id)).slice(6)).toEqual(['BUILD:STOPPED', 'COMPLETED']);
    expect(isAlive(pids.get('session'))).toBe(false);
    expect(isAlive(pids.get('daemon'))).toBe(false);
    expect(isAlive(pids.get('stray'))).toBe(false);
    expect(isAlive(pids.get('machine'))).toBe(true);
    expect(await readdir(join(fixture.stateDir, 'work'))).toEqual([]);
    await rm(folder, { recursive: true });
  });

  test('answers a completed build unchanged, and refuses an unknown one', async () => {
    standIn = await fixture.startStandIn();
    const project = await fixture.createProject({ phases: { build: { commands: ['true'] } } });
    const { build } = await standIn.run(project);
    const { build: stopped } = await standIn.client.send(new StopBuildCommand({ id: build.id }));
    expect(stopped).toMatchObject({ buildStatus: 'SUCCEEDED', endTime: build.endTime });
    const unknown = standIn.client.send(new StopBuildCommand({ id: 'nobody:1' }));
    await expect(unknown).rejects.toThrow(ResourceNotFoundException);
  });
});

describe('time-outs', () => {
  test('of the build kill it: TIMED_OUT', async () => {
    standIn = await fixture.startStandIn({ minuteMs: 60 });
    const build = await standIn.start(await fixture.createProject(sleeping), { timeoutInMinutesOverride: 5 });
    const pid = Number(await waitForLine(build, 'pid '));
    const ended = await standIn.waitForEnd(build.id);
    expect(ended.buildStatus).toBe('TIMED_OUT');
    expect(phasesOf(ended).slice(6)).toEqual(['BUILD:TIMED_OUT', 'COMPLETED']);
    expect(isAlive(pid)).toBe(false);
  });

  test('of the queue end a build that never started', async () => {
    standIn = await fixture.startStandIn({ concurrency: 1, minuteMs: 40 });
    const project = await fixture.createProject(sleeping);
    await standIn.start(project, { timeoutInMinutesOverride: 2000 });
    const waiting = await standIn.start(project, { queuedTimeoutInMinutesOverride: 5 });
    const ended = await standIn.waitForEnd(waiting.id);
    expect(ended.buildStatus).toBe('TIMED_OUT');
    expect(phasesOf(ended)).toEqual(['SUBMITTED:SUCCEEDED', 'QUEUED:TIMED_OUT', 'COMPLETED']);
  });
});

test('builds above the limit wait in their order; stopping one lets the next go', async () => {
  standIn = await fixture.startStandIn({ concurrency: 1 });
  const project = await fixture.createProject(sleeping);
  const first = await standIn.start(project);
  const second = await standIn.start(project);
  const third = await standIn.start(project);
  await standIn.waitUntil(first.id, isBuilding);
  expect((await standIn.read(second.id)).currentPhase).toBe('QUEUED');

  await standIn.client.send(new StopBuildCommand({ id: second.id }));
  await standIn.client.send(new StopBuildCommand({ id: first.id }));

  await standIn.waitUntil(third.id, isBuilding);
  expect(phasesOf(await standIn.read(second.id))).toEqual([
    'SUBMITTED:SUCCEEDED',
    'QUEUED:STOPPED',
    'COMPLETED',
  ]);
});

describe('a restart', () => {
  test('after kill -9 ends the orphans; their builds are FAILED, finished ones are remembered', async () => {
    const killed = await fixture.startStandIn();
    const finished = await killed.run(
      await fixture.createProject({ phases: { build: { commands: ['echo kept'] } } }),
    );
    const orphan = await killed.start(await fixture.createProject(sleeping));
    const pid = Number(await waitForLine(orphan, 'pid '));
    process.kill(killed.server.pid, 'SIGKILL');
    await killed.server.ended;
    expect(isAlive(pid)).toBe(true);

    standIn = await fixture.startStandIn();

    expect(isAlive(pid)).toBe(false);
    const build = await standIn.read(orphan.id);
    expect(build.buildStatus).toBe('FAILED');
    expect(build.phases?.at(-2)?.contexts?.[0]?.message).toContain('went away');
    expect(await standIn.read(finished.build.id)).toEqual(finished.build);
  });

  test('after a stop finds all builds ended and nothing left of them', async () => {
    const stopped = await fixture.startStandIn();
    const build = await stopped.start(await fixture.createProject(sleeping));
    const pid = Number(await waitForLine(build, 'pid '));

    await stopped.stop();

    expect(isAlive(pid)).toBe(false);
    standIn = await fixture.startStandIn();
    expect((await standIn.read(build.id)).buildStatus).toBe('FAILED');
  });
});

test('the stand-in starts in half a second', async () => {
  const began = performance.now();
  standIn = await fixture.startStandIn();
  expect(performance.now() - began).toBeLessThan(500);
});

function isBuilding(build: Build): boolean {
  return build.currentPhase === 'BUILD';
}

/** A dead process whose parent has not looked yet has no executable any more. */
function isAlive(pid: number | undefined): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) !== '';
  } catch {
    return false;
  }
}
