import { describe, expect, it } from 'vitest';
import { failureSchema } from '../../../../../shared/contracts/entities/run.ts';
import { errorCatalogue } from '../../../../../shared/domain/triage/catalogue.ts';
import { classifyFailure, failureOf } from '../../../../../shared/domain/triage/classify.ts';
import { runnerRules, stepTimeouts } from '../../../../../shared/domain/triage/rules/runner.ts';
import { scriptRules } from '../../../../../shared/domain/triage/rules/script.ts';
import { rules } from '../../../../../shared/domain/triage/rules.ts';
import { samples } from './all-samples.ts';
import type { Sample } from './samples.ts';

const steps = [
  { index: 1, name: 'update' },
  { index: 2, name: 'install' },
];

const buildOf = (sample: Pick<Sample, 'lines' | 'lastStep'>) => ({
  outcome: 'failed' as const,
  exitCode: 1,
  steps,
  lastStep: sample.lastStep,
  errors: sample.lines.map(([step, text], place) => ({ seq: 10 + place, step, text })),
});

describe('triage of a failed build (S148, S149, S150, S151, S152, S162)', () => {
  it.each(samples)('knows $title', (sample) => {
    const failure = classifyFailure(buildOf(sample));
    expect(failureSchema.parse(failure)).toMatchObject({
      errorId: sample.errorId,
      category: errorCatalogue[sample.errorId].category,
      exitCode: sample.exitCode ?? null,
      step: sample.step ?? null,
    });
    expect(failure.logSeq).toBe(10 + (sample.explains ?? 0));
  });

  it('has a sample for every id that a rule tells, and each says where it comes from', () => {
    const known = new Set(samples.map((sample) => sample.errorId));
    const told = [...rules, ...runnerRules, ...scriptRules, ...stepTimeouts].map(({ errorId }) => errorId);
    expect(told.filter((id) => !known.has(id))).toEqual([]);
    expect(samples.filter(({ from }) => from.trim() === '')).toEqual([]);
  });

  it('points to the last error line of the script and says its own exit code (S110, S154)', () => {
    const failure = classifyFailure(
      buildOf({
        lines: [
          [2, '==> amazon-ebs.image: warning: old'],
          [2, '==> amazon-ebs.image: E: no such package'],
          [2, 'Script exited with non-zero exit status: 7.Allowed exit codes are: [0]'],
        ],
        lastStep: 2,
      }),
    );
    expect(failure).toMatchObject({ logSeq: 11, exitCode: 7 });
    expect(failure.message).toBe('Script exited with status 7: E: no such package');
  });

  it('is not led astray by what Packer repeats at the end', () => {
    const failure = classifyFailure(
      buildOf({
        lines: [
          [2, '==> amazon-ebs.image: boom'],
          [
            2,
            "Build 'amazon-ebs.image' errored after 4 seconds: Script exited with non-zero exit status: 1.Allowed",
          ],
          [2, "==> Some builds didn't complete successfully and had errors:"],
          [2, '--> amazon-ebs.image: Script exited with non-zero exit status: 1.Allowed exit codes are: [0]'],
        ],
        lastStep: 2,
      }),
    );
    expect(failure).toMatchObject({ logSeq: 10, exitCode: 1, message: 'Script exited with status 1: boom' });
  });

  it('tells of a step over its limit in the line that names it (S78)', () => {
    const failure = classifyFailure(
      buildOf({
        lines: [
          [2, '==> amazon-ebs.image: Cancelling provisioner after a timeout...'],
          [2, 'Step 2/2 install: timed out: it took longer than its limit of 3 s'],
          [null, "Build 'amazon-ebs.image' errored after 7 seconds: context canceled"],
        ],
        lastStep: 2,
      }),
    );
    expect(failure).toMatchObject({ errorId: 'step-timed-out', logSeq: 11, step: 'install' });
  });

  it('points to the first line that explains', () => {
    const failure = classifyFailure(
      buildOf({
        lines: [
          [null, '==> amazon-ebs.image: Cleaning up'],
          [null, '==> amazon-ebs.image: Timeout waiting for SSH.'],
          [null, "Build 'amazon-ebs.image' errored after 5 minutes: Timeout waiting for SSH."],
        ],
      }),
    );
    expect(failure).toMatchObject({ logSeq: 11, message: 'Timeout waiting for SSH.' });
  });

  it('calls a run over its time limit a time-out and names the step, whatever was printed (S78)', () => {
    const build = buildOf({ lines: [[2, 'AuthFailure']], lastStep: 2 });
    expect(classifyFailure({ ...build, outcome: 'timed-out' })).toMatchObject({
      errorId: 'run-timed-out',
      category: 'timeout',
      step: 'install',
    });
  });

  it('points to the line that says that the time of the run was up', () => {
    const lines: Sample['lines'] = [
      [2, 'curl: (28) Connection timed out'],
      [null, 'The time of the run is up: Packer is told to clean up.'],
      [null, "Build 'x' errored after 1 hour: context canceled"],
    ];
    const build = buildOf({ lines, lastStep: 2 });
    expect(classifyFailure({ ...build, outcome: 'timed-out' })).toMatchObject({
      errorId: 'run-timed-out',
      logSeq: 11,
      step: 'install',
    });
  });

  it.each([
    ['No output for 30m 0s in step 2/2 install: Packer is told to clean up.', 'build-silent', 'timeout'],
    ['The API could not be reached until the time of the run was up: x.', 'api-unreachable', 'connection'],
  ])('says what the time was up for: %s (N8)', (text, errorId, category) => {
    const lines: Sample['lines'] = [
      [null, text],
      [null, "Build 'x' errored after 1 hour: context canceled"],
    ];
    for (const outcome of ['timed-out', 'failed'] as const) {
      const failure = classifyFailure({ ...buildOf({ lines, lastStep: 2 }), outcome });
      expect(failure).toMatchObject({ errorId, category, logSeq: 10, step: 'install' });
    }
  });

  it('keeps the last error lines of an unknown cause', () => {
    const lines: Sample['lines'] = Array.from({ length: 8 }, (_, place) => [null, `strange thing ${place}`]);
    const failure = classifyFailure(buildOf({ lines }));
    expect(failure).toMatchObject({ errorId: 'unclassified', logSeq: 13, exitCode: 1 });
    expect(failure.message.split('\n')).toHaveLength(5);
    const repeated = [
      'odd',
      "Build 'x' errored after 1 second: odd",
      "==> Some builds didn't complete",
      '--> x: odd',
    ];
    expect(classifyFailure(buildOf({ lines: repeated.map((text) => [null, text]) }))).toMatchObject({
      message: 'odd',
      logSeq: 10,
    });
  });

  it('says something when there is no error line at all', () => {
    expect(classifyFailure({ ...buildOf({ lines: [] }), exitCode: 137 })).toMatchObject({
      errorId: 'unclassified',
      message: 'The build ended with exit code 137.',
      logSeq: null,
    });
    expect(classifyFailure({ ...buildOf({ lines: [] }), exitCode: null }).message).toContain('unknown');
  });

  it('cuts a message that is too long', () => {
    expect(failureOf('unclassified', { message: 'x'.repeat(5000) }).message).toHaveLength(1000);
  });
});
