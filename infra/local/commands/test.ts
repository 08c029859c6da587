/** `npm test`: the set-up, then all tests, and in the end a line that says how many. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { killDescendants } from '../stack/process-table.ts';
import { CHECKOUT, type StackPaths, stackPaths } from '../stack/settings.ts';
import { prepareEnvironments } from '../stages/environments.ts';
import { StagePrinter } from '../terminal/stage-printer.ts';
import type { CommandContext } from './context.ts';
import { listenForStop } from './stop-signals.ts';

/** The parts of vitest's JSON report that the last line needs. */
const reportSchema = z.looseObject({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numFailedTestSuites: z.int(),
  success: z.boolean(),
});

/**
 * Runs vitest with these arguments.
 * @returns the exit code: 0 only when at least one test ran and none failed
 */
export async function test(context: CommandContext, args: readonly string[]): Promise<number> {
  const paths = stackPaths();
  await prepare(context, paths);
  const reportFile = join(paths.home, 'test-report.json');
  await rm(reportFile, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const code = await runOnProjectNode('node_modules/vitest/vitest.mjs', ['run', ...reporters, ...args]);
  const text = await readFile(reportFile, 'utf8').catch(() => undefined);
  if (text === undefined) {
    console.log('0 passed, 1 failed');
    return code === 0 ? 1 : code;
  }
  const {
    numPassedTests: passed,
    numFailedTests,
    numFailedTestSuites,
    success,
  } = reportSchema.parse(JSON.parse(text));
  // A file that cannot even be loaded is a failed suite without a test.
  const failed = numFailedTests === 0 && !success ? Math.max(1, numFailedTestSuites) : numFailedTests;
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : code;
}

/** `npm run bench -- <name>`: the set-up, then `test/bench/<name>.ts`. */
export async function bench(context: CommandContext, [name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || !/^[a-z0-9-]+$/.test(name)) {
    console.error('Say which: npm run bench -- <name>, for test/bench/<name>.ts');
    return 2;
  }
  const paths = stackPaths();
  await prepare(context, paths);
  return runOnProjectNode(join('test', 'bench', `${name}.ts`), args);
}

/** `npm run faults -- [options]`: the set-up, then histories of the run engine under faults (test/faults/run.ts). */
export async function faults(context: CommandContext, args: readonly string[]): Promise<number> {
  await prepare(context, stackPaths());
  return runOnProjectNode(join('test', 'faults', 'run.ts'), args);
}

/** The set-up. Ctrl-C ends what it has under way. */
async function prepare(context: CommandContext, paths: StackPaths): Promise<void> {
  await mkdir(paths.home, { recursive: true });
  const printer = new StagePrinter(context.output, context.earlierStages);
  const stopping = listenForStop(printer, killDescendants);
  try {
    await prepareEnvironments(printer, paths, stopping.signal);
  } finally {
    stopping.close();
  }
}

/** Runs a script with the terminal's output and resolves with its exit code; signals are passed on. */
async function runOnProjectNode(script: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(CHECKOUT, script), ...args], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward).on('SIGHUP', forward);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
