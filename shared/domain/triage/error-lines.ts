import type { Completion } from '../../contracts/agent-protocol.ts';

/** What is known of a build that did not succeed. `errors` are its error lines in order. */
export type FailedBuild = Pick<Completion, 'outcome' | 'exitCode' | 'errors'> & {
  steps: readonly { index: number; name: string }[];
  /** Index of the step that had begun and not ended. */
  lastStep?: number | undefined;
};

/** An error line, and what it says without what Packer puts in front. */
export type SaidLine = Completion['errors'][number] & { said: string };

/** Longest part of a line that is read, in characters: what explains a failure stands at its beginning. */
const MAX_READ = 4000;
/** So much of two texts decides whether they are the same: each may be cut, at another place. */
const SAME_LENGTH = 200;

const PREFIXES = [
  /^(?:==>|-->) \S{1,200}: /,
  /^\s{1,20}[\w.-]{1,100}\.[\w.-]{1,100}: /,
  /^Build '[^']{0,200}' errored(?: after [^:]{0,100})?: /,
];
const withoutPrefix = (text: string): string =>
  PREFIXES.reduce((rest, prefix) => rest.replace(prefix, ''), text.slice(0, MAX_READ)).trimEnd();

/** Lines that only frame a cause: Packer's heading above what it repeats, the runner's own end of a step or of all. */
const FRAME =
  /Some builds didn't complete|^Provisioning step had errors: |^Step \d+\/\d+ .{0,300}: failed after |^Packer (ended with exit code|had not cleaned up)/;
const ERRORED = /^Build '[^']{0,200}' errored/;
const REPEATED = /^--> \S{1,200}: /;
/** Packer says it between two tries of a step; what failed before was not the end. */
const RETRY = /^Provisioner failed with ".{0,3000}, retrying with \d{1,10} trie\(s\) left$/;

/** Whether a line says that a step is tried once more. */
export const isRetry = (text: string): boolean =>
  text.startsWith('Provisioner failed with "') && RETRY.test(text.slice(0, MAX_READ));

/** Whether Packer says that a step has failed; what follows is its clean-up, which modern Packer tells in the same voice. */
export const isStepEnd = (text: string): boolean => text.startsWith('Provisioning step had errors: ');

export const isFrame = ({ said }: Pick<SaidLine, 'said'>): boolean => said.trim() === '' || FRAME.test(said);

/** Whether two lines say the same, whatever Packer put in front and wherever they were cut. */
export const saySame = (one: SaidLine, other: SaidLine): boolean =>
  one.said.trim().slice(0, SAME_LENGTH) === other.said.trim().slice(0, SAME_LENGTH);

/**
 * The lines that can have to do with the end: those of no step and those of the step that had not ended, in its last
 * try. Steps that ended well may have complained too. Where there are none of these, all.
 */
export const relevantLines = ({ errors, lastStep }: FailedBuild): SaidLine[] => {
  const read = errors.map((line) => ({ ...line, said: withoutPrefix(line.text) }));
  const own = read.filter(({ step }) => step === null || step === lastStep);
  const lines = own.some((line) => !isFrame(line)) ? own : read;
  const retry = lines.findLast(({ step, said }) => step === lastStep && isRetry(said));
  const isOver = ({ step, seq }: SaidLine) => retry !== undefined && step === lastStep && seq <= retry.seq;
  return lines.filter((line) => !isOver(line) && !isRetry(line.said));
};

/** Packer's own last word on why the build failed, with the lines that belong to it; empty when it said none. */
export const lastWord = (lines: readonly SaidLine[]): SaidLine[] => {
  const errored = lines.findLastIndex(({ text }) => ERRORED.test(text));
  const start = errored < 0 ? lines.findLastIndex(({ text }) => REPEATED.test(text)) : errored;
  if (start < 0) return [];
  const [first, ...rest] = lines.slice(start);
  const end = rest.findIndex(({ text, said }) => FRAME.test(said) || REPEATED.test(text));
  return first === undefined ? [] : [first, ...(end < 0 ? rest : rest.slice(0, end))];
};

/** Each error text once. */
export const tellingLines = (lines: readonly SaidLine[]): SaidLine[] =>
  lines.filter((line, at) => !isFrame(line) && !lines.slice(0, at).some((before) => saySame(before, line)));
