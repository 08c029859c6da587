import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureSchema } from '../../../../../shared/contracts/entities/run.ts';
import { classifyFailure, recogniseError } from '../../../../../shared/domain/triage/classify.ts';
import { runnerRules, stepTimeouts } from '../../../../../shared/domain/triage/rules/runner.ts';
import { scriptRules } from '../../../../../shared/domain/triage/rules/script.ts';
import { rules } from '../../../../../shared/domain/triage/rules.ts';
import { tellsOfError } from '../../../../../shared/domain/triage/telling.ts';

const all = [...rules, ...runnerRules, ...scriptRules, ...stepTimeouts];
const LONGEST = 8192;
const steps = [{ index: 1, name: 'one' }];

/** Literal words of a pattern: what an adversary repeats to make it begin again and again. */
const wordsOf = ({ source }: RegExp): string[] =>
  source.split(/\\[a-zA-Z]|[\\()[\]{}|?*+.^$]/).filter((word) => word.length > 1);

const filled = (unit: string): string => unit.repeat(Math.ceil(LONGEST / unit.length)).slice(0, LONGEST);

describe('lines that are made to take long', () => {
  it.each(all.map(({ errorId, pattern }) => [errorId, pattern] as const))(
    'are read by the rule of %s to their end: each of its words 8 KiB long, and all of them in turn',
    (_, pattern) => {
      const words = wordsOf(pattern);
      const lines = [
        ...words,
        ...words.map((word) => `${word} '`),
        words.join(' x'),
        ...words.map((word) => ` ${word}:`),
      ];
      for (const unit of lines.filter((line) => line !== '')) {
        expect(pattern.test(filled(unit))).toBeTypeOf('boolean');
      }
    },
  );

  it('have no rule with a wildcard that may run to the end of the text from each place', () => {
    const unbounded = all.filter(({ pattern }) =>
      /(?:\.|\\S|\\w|\]|\))[*+]|\{\d+,\}/.test(withoutSmall(pattern)),
    );
    expect(unbounded.map(({ pattern }) => pattern.source)).toEqual([]);
  });

  it.each([
    ["Build 'x", "Build '"],
    ['==> ', '==> a'],
    ['--> ', '--> a: '],
    ['    a.b', '    a.'],
    ['Provisioner failed with "', 'Provisioner failed with "x", retrying with '],
    ['At line:1 char:1', 'At '],
    ['E: Sub-process ', "Run '"],
    ['error: failed ', 'fatal aborting '],
    ['fatal: [a', 'SYSPRP fail '],
    [' ', '\t'],
  ])('are classified whatever stands in front: %j', (one, other) => {
    for (const unit of [one, other, one + other]) {
      const errors = Array.from({ length: 50 }, (_, seq) => ({
        seq,
        step: seq % 2 === 0 ? null : 1,
        text: filled(unit),
      }));
      const failure = classifyFailure({ outcome: 'failed', exitCode: 1, errors, steps, lastStep: 1 });
      expect(failureSchema.parse(failure).message.length).toBeLessThanOrEqual(1000);
      expect(typeof tellsOfError(filled(unit))).toBe('boolean');
    }
  });
});

/** Without quantifiers that can match in one way only: digits after a fixed word, a row of blanks. */
const withoutSmall = ({ source }: RegExp): string => source.replaceAll(/\\d[*+]|\\w\*| \+/g, '');

describe('any lines at all', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.constantFrom(
      "Build 'x' errored after 1 second: boom",
      '--> x: boom',
      "==> Some builds didn't complete successfully and had errors:",
      'Script exited with non-zero exit status: 3',
      'Provisioner failed with "x", retrying with 1 trie(s) left',
      'At C:\\x.ps1:1 char:1',
      '+ trace',
      'E: Unable to locate package x',
      'No output for 3m 0s in step 1: Packer is told to clean up.',
      'The time of the run is up: Packer is told to clean up.',
      '',
    ),
  );
  const build = fc.record({
    outcome: fc.constantFrom('failed' as const, 'timed-out' as const),
    exitCode: fc.option(fc.integer({ min: -1, max: 255 })),
    lastStep: fc.option(fc.constantFrom(1, 2, 9), { nil: undefined }),
    errors: fc
      .array(fc.record({ step: fc.option(fc.constantFrom(1, 2)), text }), { maxLength: 50 })
      .map((lines) => lines.map((line, at) => ({ seq: 5 + at * 3, ...line }))),
  });

  it('make a failure as the contract has it, that points to one of them or to none', () => {
    fc.assert(
      fc.property(build, (some) => {
        const failure = failureSchema.parse(classifyFailure({ ...some, steps }));
        expect([null, ...some.errors.map(({ seq }) => seq)]).toContain(failure.logSeq);
        expect(failure.message).not.toBe('');
        expect(failure.message.length).toBeLessThanOrEqual(1000);
      }),
      { numRuns: 500 },
    );
  });

  it('are classified the same each time: no rule remembers where it was', () => {
    expect(all.filter(({ pattern }) => pattern.global || pattern.sticky)).toEqual([]);
    expect(recogniseError('AuthFailure')).toBe(recogniseError('AuthFailure'));
  });
});
