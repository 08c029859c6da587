import type { Failure } from '../../contracts/entities/run.ts';
import { type ErrorId, errorCatalogue } from './catalogue.ts';
import {
  type FailedBuild,
  isFrame,
  isStepEnd,
  lastWord,
  relevantLines,
  type SaidLine,
  saySame,
  tellingLines,
} from './error-lines.ts';
import { lateRules, RUN_TIMEOUT, runnerRules, stepTimeouts } from './rules/runner.ts';
import { type Rule, rules } from './rules.ts';
import { findScriptCause } from './script-cause.ts';
import { type BuildSite, isInsideMachine, windowsLogsAt } from './windows-logs.ts';

export type { FailedBuild } from './error-lines.ts';

type Match = { rule: Rule; line: SaidLine };
type Cause = { errorId: ErrorId; line: SaidLine | undefined; message: string; exitCode?: number | null };

/** Longest message of a failure, in characters; the log has the rest. */
const MAX_MESSAGE = 1000;
/** How many of the last error lines stand for a cause that nobody knows. */
const LAST_LINES = 5;
/** So many characters of an error with several lines are read as one text. */
const MAX_JOINED = 8000;

const cut = (message: string): string =>
  message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message;

type Details = { message: string; step?: string | null; logSeq?: number | null; exitCode?: number | null };

const remedyOf = (errorId: ErrorId, site: BuildSite | undefined, hadMachine: boolean): string => {
  const { remedy, category } = errorCatalogue[errorId];
  return site?.family === 'windows' && (hadMachine || isInsideMachine(errorId, category))
    ? `${remedy} ${windowsLogsAt(site)}`
    : remedy;
};

/**
 * The record of a failure whose cause is known: category and remedy come from the catalogue. Where Windows is built,
 * and known to be, the remedy names the logs of the machine.
 */
export const failureOf = (errorId: ErrorId, details: Details, site?: BuildSite): Failure => ({
  errorId,
  category: errorCatalogue[errorId].category,
  step: details.step ?? null,
  message: cut(details.message),
  logSeq: details.logSeq ?? null,
  exitCode: details.exitCode ?? null,
  remedy: remedyOf(errorId, site, (details.step ?? null) !== null),
});

/** The known failure that one error text tells of, such as an API's code and message; undefined when none does. */
export const recogniseError = (text: string): ErrorId | undefined =>
  rules.find((rule) => rule.pattern.test(text))?.errorId;

const headOf = (lines: readonly SaidLine[], { above }: Rule, line: SaidLine): SaidLine =>
  (above && lines.findLast(({ seq, said }) => seq < line.seq && above.test(said))) ?? line;

const matchIn = (lines: readonly SaidLine[], candidates: readonly Rule[]): Match | undefined => {
  for (const rule of candidates) {
    const explains = ({ said }: SaidLine): boolean => rule.pattern.test(said);
    const line = rule.last === true ? lines.findLast(explains) : lines.find(explains);
    if (line !== undefined) return { rule, line: headOf(lines, rule, line) };
  }
  return undefined;
};

const strong = rules.filter(({ weak }) => weak !== true);

/** What one error of Packer tells, read as one text, since a cause may be broken over several lines. */
const matchError = (lines: readonly SaidLine[]): Match | undefined => {
  const [first] = lines;
  if (first === undefined) return undefined;
  const joined = lines.map(({ said }) => said.trim()).join(' ');
  const whole = { ...first, said: joined.slice(0, MAX_JOINED) };
  const rule = strong.find(
    ({ pattern }) => pattern.test(whole.said) || lines.some(({ said }) => pattern.test(said)),
  );
  return rule && { rule, line: lines.find(({ said }) => rule.pattern.test(said)) ?? first };
};

/** The runner's own words: no step's line counts for them but its own end of a step, and Packer's that its time is over. */
const runnersCause = (lines: readonly SaidLine[]): Match | undefined =>
  matchIn(lines, stepTimeouts) ??
  matchIn(
    lines.filter(({ step }) => step === null),
    runnerRules,
  );

/**
 * What Packer names as the cause in its last word. Where that says nothing known, Packer's other lines may, unless a
 * step failed: then they tell of the clean-up. A script's never do, because it was not the script that failed.
 */
const packersCause = (build: FailedBuild, lines: readonly SaidLine[]): Match | undefined => {
  const word = lastWord(lines);
  const before = lines.filter(
    ({ step, seq }) => build.lastStep === undefined && step === null && seq < (word[0]?.seq ?? 0),
  );
  const found = matchError(word) ?? matchIn(before, strong) ?? matchIn(word, rules);
  if (found === undefined) return undefined;
  const { rule, line } = found;
  const isSame = (one: SaidLine) =>
    saySame(one, line) || (one.step === null && ruleOf(one)?.errorId === rule.errorId);
  return { rule, line: rule.last === true ? line : (lines.find(isSame) ?? line) };
};

const ruleOf = ({ said }: SaidLine): Rule | undefined => strong.find(({ pattern }) => pattern.test(said));

const exitCodeOf = ({ rule, line }: Match): number | null => {
  const exitCode = rule.pattern.exec(line.said)?.groups?.['exitCode'];
  return exitCode === undefined ? null : Number(exitCode);
};

/** Why the program in the machine ended as it did: its own words before Packer said that it had. */
const stepCause = (build: FailedBuild, lines: readonly SaidLine[], match: Match): Cause => {
  const { rule, line } = match;
  const exitCode = exitCodeOf(match);
  const step = line.step ?? build.lastStep ?? null;
  const told = lines.find((one) => saySame(one, line))?.seq ?? line.seq;
  const isEnd = (one: SaidLine) => one.step === step && one.seq < told && isStepEnd(one.said);
  const end = lines.findLast(isEnd)?.seq ?? told;
  const own = lines.filter((one) => one.seq < end && one.step === step && !rule.pattern.test(one.said));
  const cause = findScriptCause(own, exitCode);
  const isRefined = rule.errorId === 'script-failed' || cause.errorId === 'ansible-not-installed';
  const lead = rule.errorId === 'script-failed' ? `Script exited with status ${exitCode}` : line.said.trim();
  return {
    errorId: isRefined ? (cause.errorId ?? rule.errorId) : rule.errorId,
    line: cause.line ?? lines.find((one) => saySame(one, line)) ?? line,
    message: cause.line === undefined ? lead : `${lead}: ${cause.line.said.trim()}`,
    exitCode,
  };
};

const unknownCause = (build: FailedBuild, lines: readonly SaidLine[]): Cause => {
  const last = tellingLines(lines).slice(-LAST_LINES);
  const message = last.map(({ said }) => said.trim()).join('\n');
  return {
    errorId: 'unclassified',
    line: last[0],
    message: message === '' ? `The build ended with exit code ${build.exitCode ?? 'unknown'}.` : message,
    exitCode: build.exitCode,
  };
};

const causeOf = (build: FailedBuild, lines: readonly SaidLine[]): Cause => {
  const own = lines.filter(({ step }) => step === null);
  if (build.outcome === 'timed-out' && matchIn(own, lateRules) === undefined) {
    const line = lines.find(({ step, said }) => step === null && RUN_TIMEOUT.test(said));
    return { errorId: 'run-timed-out', line, message: errorCatalogue['run-timed-out'].meaning };
  }
  const said = lines.filter((line) => !isFrame(line));
  const match =
    runnersCause(said) ?? (lastWord(lines).length > 0 ? packersCause(build, lines) : matchIn(said, rules));
  if (match === undefined) return unknownCause(build, lines);
  if (match.rule.inStep === true) return stepCause(build, lines, match);
  return { errorId: match.rule.errorId, line: match.line, message: match.line.said.trim() };
};

/**
 * Says why a build did not succeed: the first line that explains it (for a script its own last words), the step it
 * broke in, the script's own exit code, and what to do. What nobody knows keeps its last error lines.
 */
export const classifyFailure = (build: FailedBuild, site?: BuildSite): Failure => {
  const { errorId, line, message, exitCode } = causeOf(build, relevantLines(build));
  const index = line?.step ?? build.lastStep;
  const step = build.steps.find((one) => one.index === index)?.name ?? null;
  return failureOf(errorId, { message, step, logSeq: line?.seq ?? null, exitCode: exitCode ?? null }, site);
};
