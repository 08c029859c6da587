import { expect, test } from 'vitest';
import { packLines, unpackLines } from '../../../../shared/store/packed-lines.ts';
import { logLine, logLines } from '../../../support/builders.ts';
import { plainLines } from '../../../support/plain-lines.ts';
import { bytesOfItem } from '../../../support/table-limits.ts';

test('lines come back as they were, with the numbers of their place', () => {
  const lines = [
    logLine(7, 'é \u001b[31m "x" \\ \t 🧱', { step: 2, stream: 'stderr', level: 'error' }),
    logLine(8, ''),
    logLine(9, 'x'.repeat(8192), { stream: 'goldsmith', level: 'warn' }),
  ];
  expect(unpackLines(packLines(lines), 7)).toEqual(lines);
});

test('lines as a package manager prints them take less than a third of their attributes', () => {
  const lines = plainLines(22);
  expect(packLines(lines).length * 3).toBeLessThan(bytesOfItem({ lines }));
});

test('five hundred lines of noise still fit into a row', () => {
  const noise = logLines(1, 500).map((line) => ({
    ...line,
    text: Array.from({ length: 25 }, (_, n) => Math.sin(line.seq * n).toString(36))
      .join('')
      .slice(0, 200),
  }));
  expect(packLines(noise).length).toBeLessThan(300_000);
});

test('other bytes are refused', () => {
  expect(() => unpackLines(new Uint8Array([1, 2, 3]), 1)).toThrow(/unexpected end of file/);
});
