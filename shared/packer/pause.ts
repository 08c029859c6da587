import type { SnapshotStep } from '../contracts/snapshot.ts';
import type { TemplateObject } from '../platforms/expression.ts';
import { seconds } from './provisioners/step.ts';

type Times = Pick<SnapshotStep['provisioner'], 'pauseBeforeSeconds' | 'timeoutSeconds' | 'retries'>;

/**
 * The pause before a step, as a provisioner of Packer's own machine between the step's marker and the step. In the
 * step's own provisioner Packer would look at the pause only and forget the time limit beside it (1.6.6 and 1.16).
 */
export const pauseBefore = ({ pauseBeforeSeconds: pause = 0 }: Times): TemplateObject[] =>
  pause === 0
    ? []
    : [{ 'shell-local': { inline: ['echo The pause is over'], pause_before: seconds(pause) } }];

/** The limit of one try, and the longest time that the step can take when no try is over its limit, in seconds. */
export const longestTime = ({ pauseBeforeSeconds: pause = 0, timeoutSeconds, retries = 0 }: Times) =>
  timeoutSeconds === undefined
    ? {}
    : { timeoutSeconds, longestSeconds: pause + timeoutSeconds * (retries + 1) };
