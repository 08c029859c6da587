import type { Rule } from './rule.ts';

/**
 * What the runner itself says (functions/runner): it knows what it says. Its lines about the job belong to no step, so
 * a script that prints the same words is not taken for it.
 */
export const runnerRules: readonly Rule[] = [
  { errorId: 'build-silent', pattern: /^No output for \d/ },
  { errorId: 'api-unreachable', pattern: /^The API could not be reached until/ },
  {
    errorId: 'packer-not-usable',
    pattern:
      /^Packer could not be started on this machine|^This machine has Packer \S{1,300}, but the job needs/,
  },
  {
    errorId: 'resource-unavailable',
    pattern: /^The file \S{1,300} could not be fetched: |^Nobody said where \S{1,300} is fetched from/,
  },
  {
    errorId: 'runner-disk-full',
    pattern:
      /^The (file \S{1,300} could not be written|runner failed): .{0,300}(ENOSPC|EDQUOT|[Nn]o space left)/,
  },
  {
    errorId: 'job-bundle-unusable',
    pattern:
      /^The job bundle |^A file (leads out of the job|was altered|is there twice|could not be written): ?/,
  },
  { errorId: 'runner-failed', pattern: /^The runner failed: |^The file \S{1,300} could not be written: / },
  { errorId: 'packer-killed', pattern: /^Packer was ended by SIG\w{1,20}, not by Goldsmith/ },
  { errorId: 'no-image-reported', pattern: /^Packer ended without an error, but named no image/ },
];

/**
 * A step over its limit: the runner's own end of it names the step and the limit, Packer's word does not, but is as
 * sure. What Packer says in the end depends on the provisioner and may be anything.
 */
export const stepTimeouts: readonly Rule[] = [
  {
    errorId: 'step-timed-out',
    pattern: /^Step \d+\/\d+ .{0,300}: timed out: it took longer than its limit/,
  },
  { errorId: 'step-timed-out', pattern: /^Cancelling provisioner after a timeout/ },
];

/** What the time of the run is up for, where the runner knows it. */
export const lateRules = runnerRules.filter(({ errorId }) =>
  ['build-silent', 'api-unreachable'].includes(errorId),
);

/** The runner's word that the time of the whole run is over. */
export const RUN_TIMEOUT = /^The time of the run is up|^Packer had not cleaned up in time/;
