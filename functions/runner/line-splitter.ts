/** Longest line that is read whole, in bytes; what follows in a longer one is thrown away. */
const MAX_RAW_LINE_BYTES = 1024 * 1024;

export type RawLine = { text: string; isCut: boolean };

const LINE_FEED = 0x0a;

/**
 * Splits a stream of bytes into lines of text in bounded memory. Bytes that are no UTF-8 become U+FFFD; a character
 * split over two chunks stays whole. `flush` gives the last line when it has no line end.
 */
export const createLineSplitter = (onLine: (line: RawLine) => void, limit = MAX_RAW_LINE_BYTES) => {
  let parts: Buffer[] = [];
  let size = 0;
  let isCut = false;

  const keep = (part: Buffer): void => {
    const room = limit - size;
    if (part.length > room) isCut = true;
    const kept = part.subarray(0, Math.max(0, room));
    if (kept.length === 0) return;
    parts.push(kept);
    size += kept.length;
  };
  const end = (): void => {
    const text = Buffer.concat(parts, size).toString('utf8');
    const line = { text: text.endsWith('\r') ? text.slice(0, -1) : text, isCut };
    parts = [];
    size = 0;
    isCut = false;
    onLine(line);
  };
  return {
    push: (chunk: Buffer): void => {
      let start = 0;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, start)) {
        keep(chunk.subarray(start, at));
        end();
        start = at + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
    },
    flush: (): void => {
      if (size > 0 || isCut) end();
    },
  };
};
