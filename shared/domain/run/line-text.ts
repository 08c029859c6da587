import { MAX_LINE_BYTES } from '../../contracts/entities/log.ts';

/** Sequences of a terminal: CSI (colours, cursor), OSC (titles, links) up to BEL or ST, and two-character ones. */
const TERMINAL =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]/g;
// oxlint-disable-next-line no-control-regex -- as above; the tab stays
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/** Text without terminal sequences and control characters other than tabs. */
export const toPlainText = (text: string): string => text.replace(TERMINAL, '').replace(CONTROL, '');

/**
 * Cuts a text to the longest line that the log takes, between characters, and says at its end how long it was.
 * Secrets must be out of the text before: a cut could hide half of one.
 */
export const cutLine = (text: string, limit = MAX_LINE_BYTES): string => {
  const size = text.length * 3 <= limit ? 0 : Buffer.byteLength(text);
  if (size <= limit) return text;
  const bytes = Buffer.from(text);
  const note = ` … (cut, ${size} bytes in all)`;
  let end = Math.max(0, limit - Buffer.byteLength(note));
  while (end > 0 && isContinuation(bytes[end])) end -= 1;
  return bytes.toString('utf8', 0, end) + note;
};

/** Whether a byte is inside a UTF-8 character and not its first. */
const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
