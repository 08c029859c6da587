import type { Completion } from '../../contracts/agent-protocol.ts';
import type { Failure } from '../../contracts/entities/run.ts';
import { type ErrorId, errorCatalogue } from './catalogue.ts';
import { type Rule, rules } from './rules.ts';

/** What is known of a build that did not succeed. `errors` are its error lines in order. */
export type FailedBuild = Pick<Completion, 'outcome' | 'exitCode' | 'errors'> & {
  steps: readonly { index: number; name: string }[];
  /** Index of the step that had begun and not ended. */
  lastStep?: number | undefined;
};

type ErrorLine = Completion['errors'][number];
type Match = { rule: Rule; line: ErrorLine; exitCode: number | null };

/** Longest message of a failure, in characters; the log has the rest. */
const MAX_MESSAGE = 1000;
/** How many of the last error lines stand for a cause that nobody knows. */
const LAST_LINES = 5;

const PREFIXES = [/^(==>|-->) \S+: /, /^\s+[\w.-]+\.[\w.-]+: /, /^Build '[^']*' errored( after [^:]*)?: /];
const withoutPrefix = (text: string): string =>
  PREFIXES.reduce((rest, prefix) => rest.replace(prefix, ''), text).trim();

/** Lines that only frame a cause: Packer's heading above what it repeats, the runner's own end of a step. */
const FRAME = /Some builds didn't complete|^Step \d+\/\d+ .*: failed after /;
const isCause = (text: string): boolean => text !== '' && !FRAME.test(text);

const cut = (message: string): string =>
  message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message;

/** The record of a failure whose cause is known: category and remedy come from the catalogue. */
export const failureOf = (
  errorId: ErrorId,
  details: { message: string; step?: string | null; logSeq?: number | null; exitCode?: number | null },
): Failure => ({
  errorId,
  category: errorCatalogue[errorId].category,
  step: details.step ?? null,
  message: cut(details.message),
  logSeq: details.logSeq ?? null,
  exitCode: details.exitCode ?? null,
  remedy: errorCatalogue[errorId].remedy,
});

const matchRule = (rule: Rule, errors: readonly ErrorLine[]): Match | undefined => {
  const explains = (line: ErrorLine): boolean => rule.pattern.test(withoutPrefix(line.text));
  const line = rule.last === true ? errors.findLast(explains) : errors.find(explains);
  if (line === undefined) return undefined;
  const exitCode = rule.pattern.exec(line.text)?.groups?.['exitCode'];
  return { rule, line, exitCode: exitCode === undefined ? null : Number(exitCode) };
};

const firstMatch = (errors: readonly ErrorLine[]): Match | undefined => {
  for (const rule of rules) {
    const match = matchRule(rule, errors);
    if (match !== undefined) return match;
  }
  return undefined;
};

/** Steps that ended well may have complained too: their lines count only when no others explain the failure. */
const findCause = (build: FailedBuild): Match | undefined =>
  firstMatch(build.errors.filter((line) => line.step === null || line.step === build.lastStep)) ??
  firstMatch(build.errors);

/** The known failure that one error text tells of, such as an API's code and message; undefined when none does. */
export const recogniseError = (text: string): ErrorId | undefined =>
  rules.find((rule) => rule.pattern.test(text))?.errorId;

/** The last thing that the failed step itself complained about: it says more than that it failed. */
const complaintOf = (build: FailedBuild, match: Match): ErrorLine | undefined => {
  if (match.rule.errorId !== 'script-failed') return undefined;
  const step = match.line.step ?? build.lastStep;
  return build.errors.findLast(
    (line) =>
      line.seq < match.line.seq &&
      line.step === step &&
      !match.rule.pattern.test(line.text) &&
      isCause(withoutPrefix(line.text)),
  );
};

const describe = (match: Match, complaint: ErrorLine | undefined): string =>
  match.exitCode === null
    ? withoutPrefix(match.line.text)
    : `Script exited with status ${match.exitCode}${complaint === undefined ? '' : `: ${withoutPrefix(complaint.text)}`}`;

/** Each error text once, without what Packer adds to it. */
const tellingLines = (errors: readonly ErrorLine[]): ErrorLine[] => {
  const texts = new Map<string, ErrorLine>();
  for (const line of errors) {
    const text = withoutPrefix(line.text);
    if (isCause(text) && !texts.has(text)) texts.set(text, { ...line, text });
  }
  return [...texts.values()];
};

/**
 * Says why a build did not succeed: the first line that explains it (for a script its own last error line), the
 * step it broke in, the script's own exit code, and what to do. What nobody knows keeps its last error lines.
 */
export const classifyFailure = (build: FailedBuild): Failure => {
  const stepName = (index: number | null | undefined): string | null =>
    build.steps.find((step) => step.index === index)?.name ?? null;
  const lastStep = stepName(build.lastStep);
  if (build.outcome === 'timed-out') {
    return failureOf('run-timed-out', { message: errorCatalogue['run-timed-out'].meaning, step: lastStep });
  }
  const match = findCause(build);
  if (match !== undefined) {
    const complaint = complaintOf(build, match);
    return failureOf(match.rule.errorId, {
      message: describe(match, complaint),
      step: stepName(match.line.step) ?? lastStep,
      logSeq: (complaint ?? match.line).seq,
      exitCode: match.exitCode,
    });
  }
  const last = tellingLines(build.errors).slice(-LAST_LINES);
  const message = last.map((line) => line.text).join('\n');
  return failureOf('unclassified', {
    message: message === '' ? `The build ended with exit code ${build.exitCode ?? 'unknown'}.` : message,
    step: lastStep,
    logSeq: last[0]?.seq ?? null,
    exitCode: build.exitCode,
  });
};
