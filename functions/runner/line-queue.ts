import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { logLineSchema, type UnnumberedLine } from '../../shared/contracts/entities/log.ts';

/** Lines held in memory at each end of the queue: some 300 KB of ordinary lines, 16 MB of the longest. */
const MEMORY_LINES = 2000;
/** Bytes read back from disk at once. */
const READ_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

export type LineQueue = {
  push: (line: UnnumberedLine) => void;
  /** The oldest lines, at most `count`; they stay in the queue. */
  peek: (count: number) => readonly UnnumberedLine[];
  /** Takes the oldest `count` lines away. */
  drop: (count: number) => void;
  length: () => number;
  /** Bytes on disk. */
  spilled: () => number;
  close: () => void;
};

/**
 * A queue of lines with bounded memory: what does not fit between the oldest and the newest lines waits in the
 * file `file`, made when it is first needed. The lines hold no secrets any more.
 */
export const createLineQueue = (file: string, memoryLines = MEMORY_LINES): LineQueue => {
  const spill = createSpill(file);
  let head: UnnumberedLine[] = [];
  let tail: UnnumberedLine[] = [];
  let length = 0;

  const refill = (count: number): void => {
    while (head.length < count && spill.length() > 0) head.push(...spill.read());
    if (head.length < count && tail.length > 0) {
      head.push(...tail);
      tail = [];
    }
  };
  return {
    push: (line) => {
      length += 1;
      if (spill.length() === 0 && tail.length === 0 && head.length < memoryLines) {
        head.push(line);
        return;
      }
      tail.push(line);
      if (tail.length >= memoryLines && spill.write(tail)) tail = [];
    },
    peek: (count) => {
      refill(count);
      return head.slice(0, count);
    },
    drop: (count) => {
      refill(count);
      length -= Math.min(count, head.length);
      head = head.slice(count);
    },
    length: () => length,
    spilled: () => spill.length(),
    close: () => spill.close(),
  };
};

/** A new file that is gone as soon as nobody holds it open, however the runner ends. */
const openUnnamed = (file: string): number => {
  const descriptor = openSync(file, 'wx+', 0o600);
  unlinkSync(file);
  return descriptor;
};

/** The part of the queue on disk: JSON lines, appended at the end and read from the front in blocks. */
const createSpill = (file: string) => {
  let descriptor: number | undefined;
  let readAt = 0;
  let writeAt = 0;

  const readBlock = (fd: number, size: number): UnnumberedLine[] => {
    const block = Buffer.alloc(Math.min(size, writeAt - readAt));
    const bytes = readSync(fd, block, 0, block.length, readAt);
    const end = block.lastIndexOf(LINE_FEED, bytes - 1) + 1;
    // A line longer than the block: a bigger one. Longest lines have 8 KiB, but JSON may blow them up.
    if (end === 0 && bytes === size) return readBlock(fd, size * 2);
    readAt += end === 0 ? bytes : end;
    return block
      .toString('utf8', 0, end)
      .split('\n')
      .filter((text) => text !== '')
      .map(readLine);
  };
  return {
    length: () => writeAt - readAt,
    /** False when the disk is full: then the lines stay in memory, and the next call tries again. */
    write: (lines: readonly UnnumberedLine[]): boolean => {
      const bytes = Buffer.from(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
      try {
        descriptor ??= openUnnamed(file);
        let written = 0;
        while (written < bytes.length) {
          written += writeSync(descriptor, bytes, written, bytes.length - written, writeAt + written);
        }
      } catch {
        return false;
      }
      writeAt += bytes.length;
      return true;
    },
    read: (): UnnumberedLine[] => {
      if (descriptor === undefined) return [];
      const lines = readBlock(descriptor, READ_BYTES);
      if (readAt >= writeAt) {
        ftruncateSync(descriptor, 0);
        readAt = 0;
        writeAt = 0;
      }
      return lines;
    },
    close: (): void => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
      readAt = 0;
      writeAt = 0;
    },
  };
};

const spilledLine = logLineSchema.omit({ seq: true });
const readLine = (text: string): UnnumberedLine => spilledLine.parse(JSON.parse(text));
