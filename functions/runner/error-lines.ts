import { recogniseError } from '../../shared/domain/triage/classify.ts';
import { isRetry, isStepEnd } from '../../shared/domain/triage/error-lines.ts';
import { recogniseComplaint } from '../../shared/domain/triage/script-cause.ts';

/** An error line by its place among all lines of the runner. */
export type ErrorLine = { place: number; step: number | null; text: string };

/**
 * Lines that are handed over at most (agent protocol, 50): the last ones; for Packer and the step each the first ones and
 * the first of so many known failures; and the last ones of the step when it failed, as a clean-up may say more.
 */
const LAST = 20;
const FIRST = 4;
const KNOWN = 8;
const BEFORE_END = 6;
/**
 * So many lines of a step, and characters of a line, are looked through for known failures: some 20 µs a line. Who says
 * more errors than that says no new ones.
 */
const MAX_LOOKED_THROUGH = 20_000;
const MAX_READ = 600;

/** The first lines, the first of each failure that they may tell of, and the last ones when Packer says that it failed. */
type Beginning = {
  step: number | null;
  first: ErrorLine[];
  known: Map<string, ErrorLine>;
  seen: number;
  end: ErrorLine[];
};
const beginning = (step: number | null): Beginning => ({
  step,
  first: [],
  known: new Map(),
  seen: 0,
  end: [],
});

const note = (begun: Beginning, line: ErrorLine): void => {
  begun.seen += 1;
  if (begun.first.length < FIRST) begun.first.push(line);
  if (begun.known.size >= KNOWN || begun.seen > MAX_LOOKED_THROUGH) return;
  const text = line.text.slice(0, MAX_READ);
  const errorId = line.step === null ? recogniseError(text) : recogniseComplaint(text);
  if (errorId !== undefined && !begun.known.has(errorId)) begun.known.set(errorId, line);
};

/**
 * Keeps of any number of error lines those that a failure is classified from, in order: the last ones, and the first
 * ones of Packer and of the step that runs, with the first of each known failure in them. What a step complained about
 * that ended well, or in a try that was not the last, only stays as long as it is among the last.
 */
export const createErrorLines = () => {
  const last: ErrorLine[] = [];
  const packer = beginning(null);
  let step = beginning(null);

  const add = (line: ErrorLine): void => {
    last.push(line);
    if (last.length > LAST) last.shift();
    if (line.step !== null && (line.step !== step.step || isRetry(line.text))) step = beginning(line.step);
    note(line.step === null ? packer : step, line);
    if (isStepEnd(line.text)) step.end = last.slice(-BEFORE_END);
  };
  const list = (): ErrorLine[] => {
    const kept = [packer, step].flatMap(({ first, known, end }) => [...first, ...known.values(), ...end]);
    const byPlace = new Map([...kept, ...last].map((line) => [line.place, line]));
    return [...byPlace.values()].toSorted((one, other) => one.place - other.place);
  };
  return { add, list };
};
