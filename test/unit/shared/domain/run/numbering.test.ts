import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextNumber } from '../../../../../shared/domain/run/numbering.ts';

describe('the number of the next run (S126, S127)', () => {
  test.each([
    ['is 1 at first', { byDefinition: 0, byName: 0 }, 1],
    ['follows the last of the definition', { byDefinition: 4, byName: 4 }, 5],
    ['goes on after a delete and re-create under the same name', { byDefinition: 0, byName: 4 }, 5],
    ['goes on after a rename to a fresh name', { byDefinition: 4, byName: 0 }, 5],
    ['begins where the team wants', { byDefinition: 0, byName: 0, firstNumber: 20 }, 20],
    ['does not jump back to the first number', { byDefinition: 25, byName: 25, firstNumber: 20 }, 26],
  ])('%s', (_case, given, expected) => {
    expect(nextNumber(given)).toBe(expected);
  });

  test('is always above every number that was given, and never below the first', () => {
    const count = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(count, count, fc.option(count, { nil: undefined }), (byDefinition, byName, firstNumber) => {
        const next = nextNumber({ byDefinition, byName, firstNumber });
        expect(next).toBeGreaterThan(Math.max(byDefinition, byName));
        expect(next).toBeGreaterThanOrEqual(firstNumber ?? 1);
      }),
    );
  });
});
