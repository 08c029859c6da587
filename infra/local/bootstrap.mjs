/**
 * Entry of `npm start`, `npm stop`, `npm test`, `npm run bench` and `npm run faults`. Needs Node 20 and nothing else: it
 * looks at the machine, says what is missing, fetches it and hands over to `main.ts` on the project's own Node.
 */

import { handOver } from './bootstrap/handover.mjs';
import {
  endRunningPrograms,
  findAptObstacle,
  installNodeModules,
  installSystemPackages,
} from './bootstrap/install.mjs';
import { findMissing, findObstacles, hasNodeModules } from './bootstrap/inventory.mjs';
import { agree, describeMachine, describePlan, listItems } from './bootstrap/plan.mjs';

const [command = 'help', ...args] = process.argv.slice(2);

/** Fetches what is missing; returns the stages it took, or undefined when the user does not want it. */
async function prepare() {
  const obstacles = findObstacles();
  if (obstacles.length > 0) throw new Error(obstacles.join('\n'));
  console.log(`Goldsmith on one machine: ${describeMachine()}`);
  const missing = findMissing();
  if (listItems(missing).length === 0) return [];
  console.log(describePlan(missing));
  const aptObstacle = findAptObstacle(missing.apt);
  if (aptObstacle !== undefined) throw new Error(aptObstacle);
  if (!(await agree(args))) return undefined;
  const stages = [];
  if (missing.apt.length > 0) stages.push(await installSystemPackages(missing.apt));
  if (missing.npm.length > 0) stages.push(await installNodeModules());
  return stages;
}

/** A signal during the set-up ends the program it waits for, and so the set-up. */
async function prepareUntilSignal() {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, endRunningPrograms);
  try {
    return await prepare();
  } finally {
    for (const signal of signals) process.off(signal, endRunningPrograms);
  }
}

async function main() {
  if (command === 'stop' && !hasNodeModules()) {
    console.log('Nothing runs here: Goldsmith was not started from this folder yet.');
    return 0;
  }
  const stages = command === 'stop' || command === 'help' ? [] : await prepareUntilSignal();
  if (stages === undefined) {
    console.log('Nothing was installed, nothing was started.');
    return 1;
  }
  return handOver([command, ...args], stages);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
