import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendLog, sayInLog } from '../../../shared/actions/append-log.ts';
import type { LogLine } from '../../../shared/contracts/entities/log.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { logStore, OutOfOrder, type ReadRange } from '../../../shared/store/log-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { logLine, logLines } from '../../support/builders.ts';
import { freshScope } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let traffic: Table;
beforeAll(async () => {
  emulated = await startTables();
  traffic = emulated.traffic;
});
afterAll(() => emulated.stop());

const freshLog = () => logStore(traffic, freshScope(), newId('run'));
type Log = ReturnType<typeof freshLog>;

const readAll = async (log: Log, range: Partial<ReadRange> = {}): Promise<number[]> => {
  const lines = [];
  const whole = { afterSeq: 0, beforeSeq: Infinity, newestFirst: false, ...range };
  for await (const line of log.read(whole)) lines.push(line.seq);
  return lines;
};
const textsOf = async (log: Log): Promise<string[]> => {
  const texts = [];
  for await (const { text } of log.read({ afterSeq: 0, beforeSeq: Infinity, newestFirst: false }))
    texts.push(text);
  return texts;
};
const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, n) => from + n);

describe('appending', () => {
  test('keeps every line as it was, in order', async () => {
    const log = freshLog();
    const lines = [
      logLine(1, 'é \u001b[31m "x" \\ \t', { step: 2, stream: 'stderr', level: 'error' }),
      logLine(2, ''),
    ];
    expect(await log.append(lines)).toEqual(lines);
    const stored: LogLine[] = [];
    for await (const line of log.read({ afterSeq: 0, beforeSeq: Infinity, newestFirst: false }))
      stored.push(line);
    expect(stored).toEqual(lines);
    expect(await log.head()).toEqual({ lastSeq: 2, complete: false });
  });

  test('a chunk that is sent again adds nothing, one that overlaps adds its new lines', async () => {
    const log = freshLog();
    await log.append(logLines(1, 10));
    expect(await log.append(logLines(1, 10))).toEqual([]);
    expect(await log.append(logLines(8, 12))).toEqual(logLines(11, 12));
    expect(await readAll(log)).toEqual(upTo(12));
  });

  test('other text under a number that is taken is refused: it must not be lost silently', async () => {
    const log = freshLog();
    await log.append(logLines(1, 5));
    const other = [logLine(5, 'another writer’s line'), logLine(6)];
    await expect(log.append(other)).rejects.toThrow(OutOfOrder);
    expect(await readAll(log)).toEqual(upTo(5));
  });

  test.each([
    ['before the chunk', logLines(12, 14)],
    ['inside the chunk', [logLine(11), logLine(13)]],
    ['by a number twice', [logLine(11), logLine(11)]],
    ['by falling numbers', [logLine(12), logLine(11)]],
  ])('a hole %s is refused with the number that is expected', async (_case, lines) => {
    const log = freshLog();
    await log.append(logLines(1, 10));
    await expect(log.append(lines)).rejects.toMatchObject({ name: 'OutOfOrder', expectedSeq: 11 });
    expect(await readAll(log)).toEqual(upTo(10));
  });

  test('by ten writers at once leaves neither hole nor double line', async () => {
    const scope = freshScope();
    const runId = newId('run');
    const engine = { traffic, send: async () => 'sent' as const, now: () => logLine(1).ts };
    const says = upTo(10).map((n) => sayInLog(engine, scope, runId, [{ text: `a${n}` }, { text: `b${n}` }]));
    const first = await Promise.all(says);
    const log = logStore(traffic, scope, runId);
    const texts = await textsOf(log);
    expect(await readAll(log)).toEqual(upTo(20));
    expect(new Set(texts).size).toBe(20);
    for (const [place, seq] of first.entries()) {
      expect(texts.slice(seq - 1, seq + 1)).toEqual([`a${place + 1}`, `b${place + 1}`]);
    }
  });

  test('a text of our own that is too long is cut', async () => {
    const scope = freshScope();
    const runId = newId('run');
    const engine = { traffic, send: async () => 'sent' as const, now: () => logLine(1).ts };
    await sayInLog(engine, scope, runId, [{ text: 'ä'.repeat(100_000) }]);
    const [text = ''] = await textsOf(logStore(traffic, scope, runId));
    expect(text).toMatch(/^ä+ … \(cut, 200000 bytes in all\)$/);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8192);
  });

  test('a text of our own that has several lines is one line', async () => {
    const scope = freshScope();
    const runId = newId('run');
    const engine = { traffic, send: async () => 'sent' as const, now: () => logLine(1).ts };
    await sayInLog(engine, scope, runId, [{ text: 'not allowed:\r\n\t\u001b[31mec2:RunInstances\u0000' }]);
    expect(await textsOf(logStore(traffic, scope, runId))).toEqual(['not allowed: ec2:RunInstances']);
  });

  test('and closing at once: the log is complete with all of its lines', async () => {
    const log = freshLog();
    await log.append(logLines(1, 3));
    await log.close();
    expect(await log.head()).toEqual({ lastSeq: 3, complete: true });
  });

  test('is pushed to listeners once a line', async () => {
    const scope = freshScope();
    const runId = newId('run');
    const engine = { traffic, send: async () => 'sent' as const };
    await appendLog(engine, scope, runId, logLines(1, 3));
    await appendLog(engine, scope, runId, logLines(1, 3));
    expect((await logStore(traffic, scope, runId).head()).lastSeq).toBe(3);
  });
});

describe('reading', () => {
  /** Chunks of 1, 2, 3, … 14 lines: 105 in all, more chunks than are read at once. */
  const chunked = async () => {
    const log = freshLog();
    let next = 1;
    for (let size = 1; size <= 14; size += 1) {
      await log.append(logLines(next, next + size - 1));
      next += size;
    }
    return log;
  };
  let log: Log;
  beforeAll(async () => {
    log = await chunked();
  });

  test('from the oldest and from the newest gives every line (S70, S75)', async () => {
    expect(await readAll(log)).toEqual(upTo(105));
    expect(await readAll(log, { newestFirst: true })).toEqual(upTo(105).toReversed());
  });

  test('between any two numbers gives exactly the lines between', async () => {
    for (const afterSeq of [0, 1, 2, 3, 45, 54, 55, 56, 104, 105, 106, 5000]) {
      for (const beforeSeq of [1, 2, 3, 46, 55, 56, 57, 105, 106, 5000, Infinity]) {
        const expected = upTo(105).filter((seq) => seq > afterSeq && seq < beforeSeq);
        expect(await readAll(log, { afterSeq, beforeSeq })).toEqual(expected);
        expect(await readAll(log, { afterSeq, beforeSeq, newestFirst: true })).toEqual(expected.toReversed());
      }
    }
  });

  test('reads no more than is taken', async () => {
    const seen: number[] = [];
    for await (const line of log.read({ afterSeq: 0, beforeSeq: Infinity, newestFirst: true })) {
      seen.push(line.seq);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([105, 104, 103]);
  });

  test('an empty log is empty', async () => {
    const empty = freshLog();
    expect(await empty.head()).toEqual({ lastSeq: 0, complete: false });
    expect(await readAll(empty)).toEqual([]);
    expect(await readAll(empty, { afterSeq: 7, newestFirst: true })).toEqual([]);
  });

  test('20,000 lines in large chunks are read to the last', async () => {
    const big = freshLog();
    for (let from = 1; from <= 20_000; from += 500) {
      const lines = upTo(from + 499, from).map((seq) => logLine(seq, 'x'.repeat(180)));
      await big.append(lines);
    }
    expect(await readAll(big)).toHaveLength(20_000);
    expect((await readAll(big, { afterSeq: 19_990, newestFirst: true })).at(-1)).toBe(19_991);
  });
});
