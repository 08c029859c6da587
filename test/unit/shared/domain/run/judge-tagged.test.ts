import { describe, expect, test } from 'vitest';
import { judgeTagged, type KnownRun } from '../../../../../shared/domain/run/judge-tagged.ts';
import { timeOfId } from '../../../../../shared/domain/time-of-id.ts';
import { at, queuedRun, runningRun, ulid } from '../../../../support/builders.ts';

const DAY = 86_400;
const bundle = { key: 'k', sha256: 'f' };
const runId = `run_${ulid('1')}`;
const machine = { runId, isImage: false };
const image = { runId, isImage: true };
const nobody: KnownRun = { run: undefined, isBeingRemoved: false, hasVersion: false };
const of = (fields: object): KnownRun => ({
  ...nobody,
  run: runningRun({ id: runId, bundle, endedAt: at(60), ...fields }),
});
const late = at(60 + 9 * DAY);

describe('what is found by its tags in an account', () => {
  test('of a run that goes on or waits is left alone, however old it is', () => {
    for (const run of [queuedRun(), runningRun()])
      for (const thing of [machine, image])
        expect(judgeTagged(thing, { ...nobody, run }, late)).toBe('leave');
  });

  test('of a failed run is deleted once its own clean-up is over, images as well', () => {
    const failed = of({ status: 'Failed', sweptAt: at(90) });
    for (const thing of [machine, image]) {
      expect(judgeTagged(thing, failed, at(60 + DAY))).toBe('leave');
      expect(judgeTagged(thing, failed, at(61 + DAY))).toBe('delete');
    }
    expect(judgeTagged(machine, of({ status: 'Failed' }), late)).toBe('leave');
  });

  test('of a stopped run is put on record and never deleted (S47, S82)', () => {
    for (const thing of [machine, image]) {
      expect(judgeTagged(thing, of({ status: 'Stopped' }), late)).toBe('record');
      expect(judgeTagged(thing, of({ status: 'Stopped', deletionAskedAt: late }), late)).toBe('leave');
    }
  });

  test('of a succeeded run is deleted when it is temporary and old, never its image (S49)', () => {
    const succeeded = of({ status: 'Succeeded' });
    expect(judgeTagged(machine, succeeded, at(61 + DAY))).toBe('delete');
    expect(judgeTagged(machine, succeeded, at(DAY))).toBe('leave');
    expect(judgeTagged(image, succeeded, late)).toBe('leave');
  });

  test('of a run that is gone is deleted when no run can last that long, but no image: it may be a good one', () => {
    const made = Date.parse(timeOfId(runId));
    const after = (seconds: number) => new Date(made + seconds * 1000).toISOString();
    expect(judgeTagged(machine, nobody, after(2 * DAY))).toBe('leave');
    expect(judgeTagged(machine, nobody, after(2 * DAY + 1))).toBe('delete');
    expect(judgeTagged(image, nobody, after(999 * DAY))).toBe('leave');
    for (const status of ['Failed', 'Stopped'] as const)
      expect(judgeTagged(image, { ...of({ status }), hasVersion: true }, late)).toBe('leave');
  });

  test('by a name alone is left when nobody knows its run: it may be of another deployment', () => {
    const named = { ...machine, isNamed: true };
    expect(judgeTagged(named, nobody, late)).toBe('leave');
    expect(judgeTagged(named, of({ status: 'Failed', sweptAt: at(90) }), late)).toBe('delete');
    expect(judgeTagged(named, of({ status: 'Stopped' }), late)).toBe('record');
  });

  test('is left to who cleans up after a deleted run', () => {
    expect(judgeTagged(machine, { ...nobody, isBeingRemoved: true }, late)).toBe('leave');
  });

  test.each(['', 'run_', 'nightly', 'run_01JD', `run_${'z'.repeat(26)}`, `x${runId}`])(
    'and names %j as its run is none of ours',
    (id) => {
      expect(judgeTagged({ ...machine, runId: id }, nobody, late)).toBe('leave');
    },
  );
});
