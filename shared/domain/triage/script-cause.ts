import type { ErrorId } from './catalogue.ts';
import { isFrame, type SaidLine, saySame } from './error-lines.ts';
import { scriptRules } from './rules/script.ts';

/** Why a script failed: the id where it is known, the first line of its own that says it. */
export type ScriptCause = { errorId?: ErrorId; line?: SaidLine };

/** What a program complained about at one go: an error of PowerShell has several lines. */
type Complaint = { line: SaidLine; text: string };

/** Most lines of one error of PowerShell before the line that says where it happened. */
const MAX_RECORD = 12;

/** PowerShell: where an error happened, and what it adds below. */
const PLACE = /^\s*At (line|.{1,300}):\d{1,9} char:\d{1,9}/;
const HEAD = /^(?:[\w.\\:-]{1,200}|Exception calling .{1,200}) : |^[A-Z][\w-]{1,100}: /;
/** Lines that tell what was done, or go on with the one before: traces of a shell, indented lines, CLIXML. */
const BESIDE = /^(?:\++ |\s|#< CLIXML|\^|~+$|<Objs )/;
/** Words with which a program gives up after it has said why. */
const FOLLOW_UP = [
  /^E: Sub-process .{1,200} returned an error code/,
  /^Errors were encountered while processing/,
  /^E: (Some index files failed|Unable to fetch some archives|Couldn't find any package by)/,
  /^make(\[\d+\])?: \*\*\*/,
  /^npm (ERR!|error) (A complete log|Exit status)/,
  /^(tar|gzip|cpio): .{0,100}(Exiting with failure|not recoverable)/,
  /^ninja: build stopped/,
  /^W: /,
  /^\(Use --skip|^\(try to add '/,
  /^See ['"]|^Run '.{1,100}' /,
  // «Setup failed!», «ERROR: provisioning failed, exiting»: no more than that it failed.
  /^(?:\W{0,10}(?:error|fatal|failure)\W{1,5})?[\w' -]{0,60}\b(?:failed|aborting|aborted|giving up|exiting)[\w ,]{0,30}[.!]{0,3}$/i,
];
const isFollowUp = ({ text }: Complaint): boolean => FOLLOW_UP.some((pattern) => pattern.test(text));

/** Exit codes that say why by themselves, where the words do not: the shell's own, and those of Windows Installer. */
const idOfExit = (exitCode: number | null, isSilent: boolean): ErrorId | undefined => {
  if (exitCode === 3010 || exitCode === 1641) return 'restart-required';
  if (!isSilent) return undefined;
  if (exitCode === 126) return 'script-not-executable';
  if (exitCode === 127) return 'command-not-found';
  return exitCode === 137 ? 'guest-memory-exhausted' : undefined;
};

/** The lines of an error of PowerShell above its place: from its head on, or the line right above. */
const recordOf = (lines: readonly SaidLine[], place: number): Complaint | undefined => {
  const from = Math.max(0, place - MAX_RECORD);
  const above = lines.slice(from, place);
  const end = above.findLastIndex(({ said }) => BESIDE.test(said) || PLACE.test(said));
  const own = above.slice(end + 1);
  const head = Math.max(
    0,
    own.findLastIndex(({ said }) => HEAD.test(said)),
  );
  const [line] = own.slice(head);
  if (line === undefined) return undefined;
  const text = own.slice(head).map(({ said }) => said.trim());
  return { line, text: text.join(' ') };
};

const complaintsOf = (lines: readonly SaidLine[]): Complaint[] => {
  const complaints: Complaint[] = [];
  for (const [at, line] of lines.entries()) {
    const record = PLACE.test(line.said) ? recordOf(lines, at) : undefined;
    if (record !== undefined) {
      while ((complaints.at(-1)?.line.seq ?? -1) >= record.line.seq) complaints.pop();
      complaints.push(record);
    } else if (!BESIDE.test(line.said) && !PLACE.test(line.said)) {
      complaints.push({ line, text: line.said.trim() });
    }
  }
  return complaints;
};

/** The known failure of a script that one line of its tells of; undefined when none does. */
export const recogniseComplaint = (text: string): ErrorId | undefined =>
  scriptRules.find(({ pattern }) => pattern.test(text))?.errorId;

/** The complaint that ended the script: the last one that is no mere «it failed», else the last. */
const lastComplaint = (complaints: readonly Complaint[]): number => {
  const telling = complaints.findLastIndex((one) => !isFollowUp(one));
  return telling < 0 ? complaints.length - 1 : telling;
};

/** Of complaints about the same thing in a row, the first: programs say one thing in several lines. */
const firstOf = (complaints: readonly Complaint[], last: number, errorId: ErrorId): Complaint | undefined => {
  let first = last;
  while (first > 0) {
    const before = complaints[first - 1];
    if (before === undefined || recogniseComplaint(before.text) !== errorId) break;
    first -= 1;
  }
  return complaints[first];
};

/**
 * Why a script failed, by what it complained about before it ended. `lines` are its own error lines in order; what it
 * said earlier and went on after is left alone.
 */
export const findScriptCause = (lines: readonly SaidLine[], exitCode: number | null): ScriptCause => {
  const complaints = complaintsOf(lines.filter((line) => !isFrame(line)));
  const last = lastComplaint(complaints);
  const complaint = complaints[last];
  const byExit = idOfExit(exitCode, complaint === undefined);
  if (complaint === undefined) return byExit === undefined ? {} : { errorId: byExit };
  const errorId = byExit ?? recogniseComplaint(complaint.text);
  if (errorId === undefined) {
    const line = lines.find((one) => saySame(one, complaint.line)) ?? complaint.line;
    return { line };
  }
  return { errorId, line: (firstOf(complaints, last, errorId) ?? complaint).line };
};
