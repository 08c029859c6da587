import { describe, expect, test } from 'vitest';
import type { StoredRun } from '../../../../../shared/contracts/stored-run.ts';
import {
  beginBuild,
  coolDown,
  isBuildOver,
  isOutOfPatience,
  mayBuildAgain,
  wantsBuild,
} from '../../../../../shared/domain/run/build-start.ts';
import { at, failure, lease, queuedRun, runningRun } from '../../../../support/builders.ts';

const claim = { tokenSha256: 'x', until: at(2000) };
const completion: StoredRun['completion'] = {
  outcome: 'failed',
  exitCode: 1,
  artifacts: [],
  errors: [],
  temporaries: [],
  lastSeq: 1,
};

describe('a build', () => {
  test('is wanted once: not while another is on its way, not when a runner has the run', () => {
    expect(wantsBuild(runningRun(), at(20))).toBe(true);
    expect(wantsBuild(runningRun({ claim }), at(20))).toBe(false);
    expect(wantsBuild(runningRun({ claim, startAgainAt: at(21) }), at(20))).toBe(false);
    expect(wantsBuild(runningRun({ lease }), at(20))).toBe(false);
  });

  test('is wanted again when nothing was heard of it, or room is due (F10, F14)', () => {
    expect(wantsBuild(runningRun({ claim, startAgainAt: at(20) }), at(20))).toBe(true);
    expect(wantsBuild(runningRun({ startAgainAt: at(19) }), at(20))).toBe(true);
    expect(wantsBuild(runningRun({ startAgainAt: at(21) }), at(20))).toBe(false);
  });

  test.each<[string, StoredRun]>([
    ['Queued', queuedRun()],
    ['that ended', runningRun({ status: 'Failed' })],
    ['that is to stop', runningRun({ stopRequestedAt: at(15) })],
    ['that is complete', runningRun({ completion })],
    ['that is judged', runningRun({ verdict: { outcome: 'failed', failure: failure() } })],
    ['whose Packer began', runningRun({ packerStartedAt: at(15) })],
  ])('is not wanted of a run %s', (_, run) => {
    expect(wantsBuild({ ...run, startAgainAt: at(1) }, at(20))).toBe(false);
    expect(mayBuildAgain(run)).toBe(false);
  });

  test('is begun with a claim that outlives CodeBuild’s queue, and the clock of the run anew', () => {
    expect(beginBuild(runningRun({ timeoutSeconds: 600 }), 'sha', at(100))).toEqual({
      claim: { tokenSha256: 'sha', until: at(100 + 45 * 60) },
      startAgainAt: at(220),
      deadlineAt: at(700),
      phase: 'provisioning',
    });
  });

  test('may follow a lost one exactly once, and never when Packer had begun (F15, F16)', () => {
    expect(mayBuildAgain(runningRun({ claim }))).toBe(true);
    expect(mayBuildAgain(runningRun({ lease }))).toBe(true);
    expect(mayBuildAgain(runningRun({ attempt: 2 }))).toBe(false);
  });
});

describe('without room', () => {
  test('it is tried again after longer and longer pauses, at most five minutes (F12, F13)', () => {
    const pauses = [0, 1, 2, 3, 4, 50].map((startTries) => coolDown(runningRun({ startTries }), at(0)));
    expect(pauses.map((rest) => rest.startAgainAt)).toEqual([30, 60, 120, 240, 300, 300].map(at));
    expect(pauses.map((rest) => rest.startTries)).toEqual([1, 2, 3, 4, 5, 51]);
  });

  test('patience ends after about two hours of tries', () => {
    const waits = Array.from({ length: 26 }, (_, startTries) => coolDown(runningRun({ startTries }), at(0)));
    const seconds = waits.map(({ startAgainAt }) => (Date.parse(startAgainAt) - Date.parse(at(0))) / 1000);
    expect(seconds.reduce((sum, wait) => sum + wait, 0)).toBe(7050);
    expect(isOutOfPatience(runningRun({ startTries: 26 }))).toBe(false);
    expect(isOutOfPatience(runningRun({ startTries: 27 }))).toBe(true);
    expect(isBuildOver(runningRun())).toBe(false);
  });
});
