import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logMessages, pushLines } from '../../../../shared/actions/append-log.ts';
import { chunkRequestSchema, MAX_CHUNK_CHARACTERS } from '../../../../shared/contracts/agent-protocol.ts';
import { MAX_SOCKET_BYTES, serverMessageSchema } from '../../../../shared/contracts/socket.ts';
import { logLine, logLines } from '../../../support/builders.ts';
import { memoryEngine } from '../../../support/engine.ts';

const runId = 'run_01JD0000000000000000000001';
const accepted = (text: string) => chunkRequestSchema.safeParse({ lines: [logLine(1, text)] }).success;

describe('lines as messages', () => {
  test('of no lines are none', () => {
    expect(logMessages(runId, [])).toEqual([]);
  });

  test('tell where they begin and end', () => {
    expect(logMessages(runId, logLines(5, 7))).toEqual([
      { type: 'log', runId, fromSeq: 5, toSeq: 7, lines: logLines(5, 7) },
    ]);
  });

  test('of the longest line that is accepted stay below the limit, whatever it escapes to', () => {
    for (const character of ['x', '"', '\\', '\t', '\n', 'ä', '€']) {
      const text = character.repeat(Math.floor(8192 / Buffer.byteLength(character)));
      expect(accepted(text)).toBe(true);
      const [message] = logMessages(runId, [logLine(1, text), logLine(2, text), logLine(3, text)]);
      expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(MAX_SOCKET_BYTES);
    }
  });

  test('always stay below the limit, in order, with every line once', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc
        .tuple(fc.constantFrom('"\\', 'ä€', 'x'), fc.integer({ max: 4096, min: 0 }))
        .map(([unit, times]) => unit.repeat(times).slice(0, 2700)),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.array(text, { maxLength: 60 }),
        (first, texts) => {
          const lines = texts.map((one, place) =>
            logLine(first + place, one, { step: 900, stream: 'goldsmith' }),
          );
          const messages = logMessages(runId, lines).map((one) => serverMessageSchema.parse(one));
          const told = messages.flatMap((one) => (one.type === 'log' ? one.lines : []));
          expect(told).toEqual(lines);
          for (const message of messages) {
            expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(MAX_SOCKET_BYTES);
            expect(message).toHaveProperty('lines.0');
          }
        },
      ),
    );
  });
});

describe('what a runner may hand in', () => {
  test.each([
    ['a line over 8 KiB', 'x'.repeat(8193)],
    ['a line over 8 KiB in bytes', '€'.repeat(2731)],
    ['a control character', '\u001b[31m'],
    ['half a character', '\ud800'],
  ])('is not %s', (_case, text) => {
    expect(accepted(text)).toBe(false);
  });

  test('is not more in one chunk than a row holds', () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, n) => logLine(n + 1, 'x'.repeat(8000)));
    expect(chunkRequestSchema.safeParse({ lines: lines(12) }).success).toBe(true);
    expect(chunkRequestSchema.safeParse({ lines: lines(13) }).success).toBe(false);
    expect(MAX_CHUNK_CHARACTERS).toBe(100_000);
    expect(chunkRequestSchema.safeParse({ lines: logLines(1, 501) }).success).toBe(false);
    expect(chunkRequestSchema.safeParse({ lines: [] }).success).toBe(false);
  });
});

test('every listener gets the messages in order', async () => {
  const { engine, sent } = memoryEngine();
  const lines = logLines(1, 40).map((line) => ({ ...line, text: 'x'.repeat(3000) }));
  const listeners = ['a', 'b'].map((connectionId) => ({ connectionId, sentUpTo: 0 }));
  await pushLines(engine, listeners, runId, lines);
  for (const listener of ['a', 'b']) {
    const firsts = sent.flatMap(({ to, message }) =>
      to === listener && message.type === 'log' ? [message.fromSeq] : [],
    );
    expect(firsts.length).toBeGreaterThan(3);
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
  }
});

test('a listener that has had some of the lines as backlog gets only those behind them', async () => {
  const { engine, sent } = memoryEngine();
  const listeners = [
    { connectionId: 'half', sentUpTo: 3 },
    { connectionId: 'all', sentUpTo: 5 },
  ];
  await pushLines(engine, listeners, runId, logLines(1, 5));
  expect(sent.map(({ to, message }) => [to, message.type === 'log' ? message.fromSeq : 0])).toEqual([
    ['half', 4],
  ]);
});
