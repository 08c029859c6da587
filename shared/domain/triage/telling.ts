import { isRetry, isStepEnd } from './error-lines.ts';

/** Programs that tell their errors on standard output, as they begin such a line. */
const ON_STANDARD_OUTPUT = [
  // Ansible.
  /^(?:fatal|failed): \[[^\]]{1,200}\]|^ERROR! /,
  // PowerShell in a scheduled task (elevated), and where it says it happened.
  /^[A-Z][A-Za-z]{1,40}-[A-Z][A-Za-z]{1,60} : \S/,
  /^\s{0,4}At (?:line|.{1,300}):\d{1,9} char:\d{1,9}/,
  // Windows Update, and the sysprep of the clouds.
  /^ERROR(?: EXCEPTION)?: /,
  /^[\d:.TZ -]{5,40}\[ERROR\] /,
  /\bSYSPRP\b.{0,300}(?:fail|not provisioned)/i,
  // The kernel, on the console or in the log that a script shows.
  /\bOut of memory: Kill(?:ed)? process/,
];

/** Longest part of a line that is looked at, in characters. */
const MAX_READ = 1000;

/** Whether a line that came as ordinary output tells of an error, or that the step has failed or is tried again. */
export const tellsOfError = (text: string): boolean => {
  const read = text.slice(0, MAX_READ);
  return ON_STANDARD_OUTPUT.some((pattern) => pattern.test(read)) || isRetry(text) || isStepEnd(text);
};
