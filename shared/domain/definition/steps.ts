import type { FieldError } from '../../contracts/problem.ts';

/** Most steps of a run, whose row holds them all and has 400 KB. */
export const MAX_STEPS = 200;

/** Why a role with this many enabled provisioners cannot be run, and the field to blame. */
export const tooManySteps = (count: number, pointer: string): FieldError[] =>
  count <= MAX_STEPS
    ? []
    : [
        {
          pointer,
          code: 'too-many-steps',
          detail: `a run has at most ${MAX_STEPS} steps, these are ${count}`,
        },
      ];
