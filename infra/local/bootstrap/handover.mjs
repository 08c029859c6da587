/** Gives the terminal over to the TypeScript part, which runs on the project's own Node. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT, PROJECT_NODE } from './inventory.mjs';

/**
 * Ctrl-C in a terminal reaches a whole process group, and npm sends the signal on as well: what comes within
 * this time, in milliseconds, is one key press.
 */
const SAME_PRESS_MS = 400;

/**
 * Runs `main.ts` with these arguments and resolves with the exit code to end with.
 * The child has a session of its own, so that it hears of a key press once, from here. Its standard input is a
 * pipe whose end tells it that this process is gone, however that came about.
 * @param {readonly string[]} args
 * @param {readonly {name: string, seconds: number}[]} stages what the set-up has done so far
 * @returns {Promise<number>}
 */
export function handOver(args, stages) {
  const child = spawn(PROJECT_NODE, [join(CHECKOUT, 'infra', 'local', 'main.ts'), ...args], {
    cwd: process.cwd(),
    env: { ...process.env, GOLDSMITH_SETUP_STAGES: JSON.stringify(stages) },
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  let lastPress = 0;
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    if (Date.now() - lastPress < SAME_PRESS_MS) return;
    lastPress = Date.now();
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`The project's own Node cannot be run: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
