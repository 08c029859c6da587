import type { Completion } from '../../shared/contracts/agent-protocol.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { cutLine, toPlainText } from '../../shared/domain/run/line-text.ts';
import { tellsOfError } from '../../shared/domain/triage/telling.ts';
import { type Clock, toTimestamp } from './clock.ts';
import { createErrorLines } from './error-lines.ts';
import type { LogShipper } from './log-shipper.ts';

/** Bytes of each line that is handed over for the classification of a failure. */
const MAX_ERROR_BYTES = 2000;

export type RunLog = {
  write: (line: Pick<LogLine, 'stream' | 'level' | 'text' | 'step'>) => void;
  /** A line of the runner's own. */
  say: (text: string, level?: LogLine['level'], step?: number | null) => void;
  /** The lines that the failure is classified from, with their numbers: the first telling ones and the last ones. */
  errors: () => Completion['errors'];
};

/**
 * The way of every line to the shipper: without control characters, then without secrets, then cut. In this order:
 * a control character could split a secret, and a cut could leave half of one.
 */
export const createRunLog = (
  shipper: Pick<LogShipper, 'append' | 'seqOf'>,
  redact: (text: string) => string,
  clock: Clock,
): RunLog => {
  const errors = createErrorLines();

  const write: RunLog['write'] = ({ stream, level, text, step }) => {
    const safe = redact(toPlainText(text));
    const ts = toTimestamp(clock.now());
    const place = shipper.append({ ts, step, stream, level, text: cutLine(safe) });
    const isTelling = level === 'error' || (step !== null && stream !== 'goldsmith' && tellsOfError(safe));
    if (isTelling) errors.add({ place, step, text: cutLine(safe, MAX_ERROR_BYTES) });
  };
  return {
    write,
    say: (text, level = 'info', step = null) => write({ stream: 'goldsmith', level, text, step }),
    errors: () => errors.list().map(({ place, step, text }) => ({ seq: shipper.seqOf(place), step, text })),
  };
};
