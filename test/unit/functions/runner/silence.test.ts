import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSilenceWatch } from '../../../../functions/runner/silence-watch.ts';
import { PRINT_ARTIFACT, printMarker } from './fake-packer.ts';
import { createFastClock, createJumpingClock } from './fake-time.ts';
import { begin, failureOf, packerOf, stepsOf, textsOf } from './run-harness.ts';

const MINUTE = 60_000;

describe('the watch over silence (N8)', () => {
  const start = () => {
    const clock = createFastClock();
    const told: string[] = [];
    const watch = createSilenceWatch({
      limits: { warnAfterSeconds: 900, endAfterSeconds: 3600 },
      clock,
      onWarn: (silent) => told.push(`warn ${silent / MINUTE}`),
      onEnd: (silent) => told.push(`end ${silent / MINUTE}`),
    });
    /** Looks once a second, as the guard of the process does. */
    const pass = (minutes: number, isDeaf = false) => {
      for (let each = 0; each < minutes * 60; each += 1) {
        clock.pass(1000);
        watch.look(isDeaf);
      }
    };
    return { clock, told, watch, pass };
  };

  it('warns once, then ends once', () => {
    const { told, watch, pass } = start();
    pass(14.9);
    expect(told).toEqual([]);
    pass(44);
    expect(told).toEqual(['warn 15']);
    expect(watch.isOver()).toBe(false);
    pass(30);
    expect(told).toEqual(['warn 15', 'end 60']);
    expect(watch.isOver()).toBe(true);
  });

  it('begins anew with each line, and may warn again', () => {
    const { told, watch, pass } = start();
    pass(50);
    watch.heard();
    pass(50);
    expect(told).toEqual(['warn 15', 'warn 15']);
    expect(watch.isOver()).toBe(false);
  });

  it('counts no time in which nobody listened: a full log is not the silence of Packer', () => {
    const { told, watch, pass } = start();
    pass(600, true);
    expect(told).toEqual([]);
    pass(16);
    pass(600, true);
    expect(told).toEqual(['warn 15']);
    expect(watch.isOver()).toBe(false);
  });

  it('counts a minute of a machine that slept for a night, and nothing of a clock that is put back', () => {
    const { clock, told, watch, pass } = start();
    pass(10);
    clock.pass(8 * 60 * MINUTE);
    watch.look(false);
    clock.pass(-8 * 60 * MINUTE);
    watch.look(false);
    pass(3.9);
    expect(told).toEqual([]);
    pass(0.2);
    expect(told).toEqual(['warn 15']);
  });

  it('stays over whatever is said then: Packer cleans up', () => {
    const { watch, pass } = start();
    pass(61);
    watch.heard();
    pass(1);
    expect(watch.isOver()).toBe(true);
  });
});

const HANG = 'while :; do sleep 0.02; done';
describe('a build that says nothing (N8)', () => {
  /** Warned of after 20 minutes, ended after an hour; the run has a day. */
  const beginSilent = async (build: string, limits = { warnAfterSeconds: 1200, endAfterSeconds: 3600 }) => {
    const clock = createJumpingClock();
    const deadlineAt = new Date(Date.now() + 1440 * MINUTE).toISOString();
    const begun = await begin({ build }, { claim: { deadlineAt, silence: limits } }, { clock });
    await begun.api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    const pass = async (minutes: number) => {
      for (let each = 0; each < minutes; each += 1) {
        clock.jump(MINUTE);
        await new Promise(setImmediate);
      }
    };
    return { ...begun, clock, pass };
  };
  const WORKING = 'say say "==> null.image: working"';

  it('is warned of in the log, then told to clean up, and fails with the step it hangs in (S48)', async () => {
    const clean = `trap 'say say "==> null.image: cleaning"; exit 1' TERM`;
    const { api, pass, ended } = await beginSilent(
      `${clean}; ${printMarker(1, 2, 'begin')}; ${WORKING}; ${HANG}`,
    );
    await pass(30);
    await api.until(({ lines }) => lines.some((line) => line?.level === 'warn'));
    const warning = api.state.lines.find((line) => line?.level === 'warn');
    expect(warning).toMatchObject({ stream: 'goldsmith', step: 1 });
    expect(warning?.text).toMatch(
      /^No output for 2\d min \d+ s in step 1\/2 install; the build is ended after 1 h 0 min of silence\.$/,
    );
    expect(api.state.completions).toEqual([]);

    await pass(33);
    expect(await ended).toBe('timed-out');
    expect(textsOf(api)).toContain('cleaning');
    expect(stepsOf(api)).toEqual(['1 running', '1 failed', '2 skipped']);
    const failure = failureOf(api);
    expect(failure).toMatchObject({ errorId: 'build-silent', category: 'timeout', step: 'install' });
    expect(failure.message).toMatch(/^No output for 1 h \d min in step 1\/2 install: /);
    expect(textsOf(api)[(failure.logSeq ?? 0) - 1]).toBe(failure.message);
  });

  it('that does not clean up either is killed, and its failure is the silence', async () => {
    const { api, fake, pass, ended } = await beginSilent(
      `trap 'say say cleaning' TERM; echo $$ > $FAKE/pid; ${WORKING}; ${HANG}`,
    );
    await pass(65);
    await api.until(({ lines }) => lines.some((line) => line?.text === 'cleaning'));
    await pass(12);
    expect(await ended).toBe('timed-out');
    expect(api.state.completions[0]).toMatchObject({ exitCode: null });
    expect(await packerOf(fake)).toEqual([]);
    expect(failureOf(api)).toMatchObject({ errorId: 'build-silent', category: 'timeout' });
  });

  it('is not one whose lines keep coming, however long it takes (S65)', async () => {
    const wait = 'while [ ! -e $FAKE/say-$i ]; do sleep 0.01; done';
    const ticks = `i=0; while [ $i -lt 40 ]; do i=$((i+1)); ${wait}; say say "tick $i"; done`;
    const { api, fake, pass, ended } = await beginSilent(`${WORKING}; ${ticks}; ${PRINT_ARTIFACT}`);
    for (let tick = 1; tick <= 40; tick += 1) {
      await pass(15);
      await writeFile(path.join(fake.folder, `say-${tick}`), '');
      await api.until(({ lines }) => lines.some((line) => line?.text === `tick ${tick}`));
    }
    expect(await ended).toBe('succeeded');
    expect(api.state.lines.filter((line) => line?.level === 'warn')).toEqual([]);
  });

  it('and yet succeeds has succeeded: the warning stays a warning', async () => {
    const build = `${WORKING}; while [ ! -e $FAKE/go ]; do sleep 0.01; done; ${PRINT_ARTIFACT}`;
    const { api, fake, pass, ended } = await beginSilent(build);
    await pass(50);
    await writeFile(path.join(fake.folder, 'go'), '');
    expect(await ended).toBe('succeeded');
    expect(textsOf(api).filter((text) => text.startsWith('No output for'))).toEqual([
      expect.stringContaining('outside of any step'),
    ]);
    expect(api.state.completions[0]?.errors).toEqual([]);
  });
});
