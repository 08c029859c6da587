import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StagePrinter } from '../../../../infra/local/terminal/stage-printer.ts';

let written: string;
const printerFor = (isTerminal: boolean, earlier: { name: string; seconds: number }[] = []) =>
  new StagePrinter({ isTerminal, columns: 60, write: (text) => (written += text) }, earlier);

beforeEach(() => {
  written = '';
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe('in a log', () => {
  test('a silent stage says every five seconds what it does and for how long', async () => {
    const stage = printerFor(false).stage('deployment', async (report) => {
      report('cdk deploy');
      await vi.advanceTimersByTimeAsync(21_000);
    });
    await stage;
    expect(written).toBe(
      [
        '▸ deployment',
        ...[5, 10, 15, 20].map((seconds) => `  deployment ${seconds} s: cdk deploy`),
        '✓ deployment (21 s)\n',
      ].join('\n'),
    );
  });

  test('lines that a stage prints count as a sign of life', async () => {
    const printer = printerFor(false);
    await printer.stage('run', async () => {
      for (let line = 0; line < 5; line += 1) {
        await vi.advanceTimersByTimeAsync(3000);
        printer.line(`line ${line}`);
      }
    });
    expect(written).not.toContain('  run ');
  });

  test('a failed stage is marked, and its error goes on', async () => {
    const stage = printerFor(false).stage('base disk', () => Promise.reject(new Error('no mirror')));
    await expect(stage).rejects.toThrow('no mirror');
    expect(written).toContain('✗ base disk (0.0 s)');
  });
});

describe('on a terminal', () => {
  test('one line is redrawn, never wider than the terminal', async () => {
    await printerFor(true).stage('npm packages', async (report) => {
      report('x'.repeat(100));
      await vi.advanceTimersByTimeAsync(1000);
    });
    const drawn = written.split('\r\u001b[2K');
    expect(drawn.length).toBeGreaterThan(4);
    for (const line of drawn) expect(line.trimEnd().length).toBeLessThan(60);
  });
});

test('the table holds all stages, those of the set-up first, and their sum', async () => {
  const printer = printerFor(false, [{ name: 'npm packages', seconds: 30 }]);
  await printer.stage('samples', async () => vi.advanceTimersByTime(1500));
  expect(printer.table().split('\n')).toEqual([
    'Stages',
    '  npm packages     30.0 s',
    '  samples           1.5 s',
    '  together         31.5 s',
  ]);
});
