import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createLineQueue } from '../../../../functions/runner/line-queue.ts';
import { createLineSplitter, type RawLine } from '../../../../functions/runner/line-splitter.ts';
import type { UnnumberedLine } from '../../../../shared/contracts/entities/log.ts';
import { cutLine, toPlainText } from '../../../../shared/domain/run/line-text.ts';

const split = (chunks: Buffer[], limit?: number): RawLine[] => {
  const lines: RawLine[] = [];
  const splitter = createLineSplitter((line) => lines.push(line), limit);
  for (const chunk of chunks) splitter.push(chunk);
  splitter.flush();
  return lines;
};

/** Cuts bytes at the given places. */
const cutAt = (bytes: Buffer, places: number[]): Buffer[] => {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...ends, bytes.length].map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
};

describe('splitting bytes into lines', () => {
  it('does not depend on how the bytes arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.nat(500)), (texts, places) => {
        const lines = texts.map((text) => text.replaceAll(/[\n\r]/g, ' ').toWellFormed());
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        expect(split(cutAt(bytes, places)).map(({ text }) => text)).toEqual(lines);
      }),
    );
  });

  it('keeps a last line without a line end, and none when there is nothing', () => {
    expect(split([Buffer.from('a\nb')])).toEqual([
      { text: 'a', isCut: false },
      { text: 'b', isCut: false },
    ]);
    expect(split([])).toEqual([]);
    expect(split([Buffer.from('\n')])).toEqual([{ text: '', isCut: false }]);
  });

  it('takes Windows line ends and bytes that are no UTF-8', () => {
    expect(split([Buffer.from([0x61, 0xff, 0x62, 0x0d, 0x0a])])).toEqual([
      { text: 'a\uFFFDb', isCut: false },
    ]);
  });

  it('reads an endless line in bounded memory and goes on with the next', () => {
    const endless = Array.from({ length: 1000 }, () => Buffer.from('0123456789'));
    expect(split([...endless, Buffer.from('\nnext\n')], 25)).toEqual([
      { text: '0123456789012345678901234', isCut: true },
      { text: 'next', isCut: false },
    ]);
  });
});

describe('the text of a log line', () => {
  it.each([
    ['\u001b[1;32mgreen\u001b[0m', 'green'],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u009b31mred', 'red'],
    ['a\u0000b\u0007c\u007fd\u0085e', 'abcde'],
    ['\ttab stays', '\ttab stays'],
    ['50%\r100%', '50%100%'],
    ['\u001b(B\u001b[?25lx', 'x'],
    ['\u001b', ''],
  ])('of %j is %j', (text, plain) => {
    expect(toPlainText(text)).toBe(plain);
  });

  it('has no control character left but the tab, whatever came', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\u001b', '[', ']', '3', 'm', '\u0007', '\\', 'x', '\u009b') }),
        (text) => {
          // oxlint-disable-next-line no-control-regex -- it is about them
          expect(toPlainText(text)).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
        },
      ),
    );
  });

  it('is cut to its limit in bytes, between characters, and says how long it was', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 }),
        fc.integer({ min: 64, max: 300 }),
        (text, limit) => {
          const size = Buffer.byteLength(text);
          const cut = cutLine(text, limit);
          const note = size <= limit ? '' : ` … (cut, ${size} bytes in all)`;
          expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
          expect(cut.endsWith(note)).toBe(true);
          expect(text.startsWith(cut.slice(0, cut.length - note.length))).toBe(true);
          expect(size > limit || cut === text).toBe(true);
        },
      ),
    );
  });

  it('has at most 8 KiB', () => {
    expect(Buffer.byteLength(cutLine('€'.repeat(100_000)))).toBeLessThanOrEqual(8192);
    expect(cutLine('x'.repeat(8192))).toHaveLength(8192);
  });
});

describe('the queue of lines', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'queue-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;
  const file = () => path.join(folder, `spill-${(files += 1)}`);
  const line = (text: string): UnnumberedLine => ({
    ts: '2026-01-01T00:00:00.000Z',
    step: null,
    stream: 'stdout',
    level: 'info',
    text,
  });

  it('gives every line once and in order, also those that went to disk', () => {
    const operation = fc.oneof(
      fc.record({
        push: fc.array(
          fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
          { maxLength: 20 },
        ),
      }),
      fc.record({ drop: fc.nat(15) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const queue = createLineQueue(file(), 4);
        let model: string[] = [];
        for (const each of operations) {
          if ('push' in each) for (const text of each.push) queue.push(line(text));
          if ('push' in each) model.push(...each.push);
          else {
            queue.drop(Math.min(each.drop, model.length));
            model = model.slice(each.drop);
          }
          expect(queue.length()).toBe(model.length);
          expect(queue.peek(7).map(({ text }) => text)).toEqual(model.slice(0, 7));
        }
        queue.close();
      }),
      { numRuns: 60 },
    );
  });

  it('reads lines from disk that are longer than one read', () => {
    const queue = createLineQueue(file(), 2);
    const texts = Array.from({ length: 9 }, (_, at) => String(at).repeat(400_000));
    for (const text of texts) queue.push(line(text));
    expect(queue.spilled()).toBeGreaterThan(1_000_000);
    expect(queue.peek(9).map(({ text }) => text)).toEqual(texts);
    queue.close();
  });

  it('keeps lines in memory when the disk takes none', () => {
    const queue = createLineQueue(path.join(folder, 'no-such-folder', 'spill'), 2);
    for (let each = 0; each < 50; each += 1) queue.push(line(String(each)));
    expect(queue.peek(50).map(({ text }) => text)).toEqual(Array.from({ length: 50 }, (_, at) => String(at)));
    expect(queue.spilled()).toBe(0);
    queue.close();
  });
});
