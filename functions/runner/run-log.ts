import type { Completion } from '../../shared/contracts/agent-protocol.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { cutLine, toPlainText } from '../../shared/domain/run/line-text.ts';
import { type Clock, toTimestamp } from './clock.ts';
import type { LogShipper } from './log-shipper.ts';

/** Error lines that are handed over for the classification of a failure (agent protocol), and bytes of each. */
const MAX_ERRORS = 50;
const MAX_ERROR_BYTES = 2000;

export type RunLog = {
  write: (line: Pick<LogLine, 'stream' | 'level' | 'text' | 'step'>) => void;
  /** A line of the runner's own. */
  say: (text: string, level?: LogLine['level'], step?: number | null) => void;
  /** The last error lines, with their numbers. */
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
  const errors: { place: number; step: number | null; text: string }[] = [];

  const write: RunLog['write'] = ({ stream, level, text, step }) => {
    const safe = redact(toPlainText(text));
    const ts = toTimestamp(clock.now());
    const place = shipper.append({ ts, step, stream, level, text: cutLine(safe) });
    if (level !== 'error') return;
    errors.push({ place, step, text: cutLine(safe, MAX_ERROR_BYTES) });
    if (errors.length > MAX_ERRORS) errors.shift();
  };
  return {
    write,
    say: (text, level = 'info', step = null) => write({ stream: 'goldsmith', level, text, step }),
    errors: () => errors.map(({ place, step, text }) => ({ seq: shipper.seqOf(place), step, text })),
  };
};
