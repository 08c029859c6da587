/** Fetches what only the outside of the project can: packages of the system through apt, and those of npm. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  CHECKOUT,
  countInstalledPackages,
  findProgram,
  firstLine,
  hasNodeModules,
  PROJECT_NODE,
} from './inventory.mjs';

/** A line is printed at least this often while a program works in silence, in milliseconds. */
const HEARTBEAT_MS = 5000;

/** Lines of a failed program that are shown: npm's log of requests can be long. */
const SHOWN_LINES = 40;

/**
 * Programs that a signal has to reach while the set-up runs.
 * @type {Set<import('node:child_process').ChildProcess>}
 */
const running = new Set();

/** Ends the program that is being waited for. */
export function endRunningPrograms() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * What stands in the way of installing these packages of the system, in one line that says what to do.
 * @param {readonly {package: string}[]} packages
 * @returns {string | undefined}
 */
export function findAptObstacle(packages) {
  if (packages.length === 0 || (findRootPrefix() !== undefined && findProgram('apt-get'))) return undefined;
  const names = packages.map((item) => item.package).join(' ');
  return `Packages of the system are missing that I may not install. Please run as root: apt-get install --no-install-recommends ${names}`;
}

/**
 * Installs packages of the system. Only where findAptObstacle finds nothing.
 * @param {readonly {package: string}[]} packages
 * @returns {Promise<{name: string, seconds: number}>}
 */
export async function installSystemPackages(packages) {
  const names = packages.map((item) => item.package);
  const apt = [...(findRootPrefix() ?? []), 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y'];
  const started = Date.now();
  if (!names.every(isKnownToApt)) await runProgram('apt-get update', [...apt, 'update']);
  await runProgram('apt-get install', [...apt, 'install', '--no-install-recommends', ...names]);
  return { name: 'system packages', seconds: (Date.now() - started) / 1000 };
}

/** How to become root without being asked for a password, or undefined. */
function findRootPrefix() {
  if (process.getuid?.() === 0) return [];
  return firstLine('sudo', ['-n', 'echo', 'ready']) === 'ready' ? ['sudo', '-n'] : undefined;
}

/**
 * A machine whose package lists are empty or old knows no candidate.
 * @param {string} name
 */
function isKnownToApt(name) {
  return firstLine('apt-cache', ['show', '--no-all-versions', name]).startsWith('Package:');
}

/** Installs what the lockfile says, and the project's Node with it. */
export async function installNodeModules() {
  const started = Date.now();
  const npm = findNpm();
  // Not `npm ci`: it refuses a lockfile without the packages for other systems, which not every registry has.
  // Its requests are what tells a slow network from a dead one.
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=http'];
  await runProgram('npm install', [...npm, 'install', ...options], countInstalledPackages);
  // The package `node` fetches its program in an install script, which some people switch off for all packages.
  if (!existsSync(PROJECT_NODE))
    await runProgram('npm rebuild node', [...npm, 'rebuild', 'node', '--ignore-scripts=false']);
  if (!hasNodeModules())
    throw new Error(
      'npm install ended well, but node_modules is not what package-lock.json says. Please remove node_modules and start again.',
    );
  return { name: 'npm packages', seconds: (Date.now() - started) / 1000 };
}

/** The npm that started this, on the Node that runs this; else whichever is in PATH. */
function findNpm() {
  const script = process.env['npm_execpath'];
  return script === undefined ? ['npm'] : [process.execPath, script];
}

/**
 * Runs a program, shows every few seconds how far it is, and the end of its output when it fails.
 * @param {string} title
 * @param {readonly string[]} commandLine
 * @param {() => string} [describeProgress] said beside its last line
 */
async function runProgram(title, [command = '', ...args], describeProgress) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  console.log(`▸ ${title}`);
  /** @type {string[]} */
  const output = [];
  const child = spawn(command, args, { cwd: CHECKOUT, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(String(data)));
  const heartbeat = setInterval(
    () =>
      console.log(
        `  ${title}: ${seconds()} s  ${[describeProgress?.(), lastLine(output)].filter(Boolean).join('; ')}`,
      ),
    HEARTBEAT_MS,
  );
  const outcome = await waitForEnd(child);
  clearInterval(heartbeat);
  running.delete(child);
  if (outcome !== 0)
    throw new Error(`${title} failed (${outcome}):\n${lastLines(output, SHOWN_LINES).join('\n')}`);
  console.log(`✓ ${title} (${seconds()} s)`);
}

/**
 * Exit code, name of the signal, or why the program could not be started.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number | string>}
 */
function waitForEnd(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? String(signal)));
  });
}

/** @param {readonly string[]} output */
function lastLine(output) {
  return lastLines(output.slice(-5), 1)[0]?.slice(0, 100) ?? '';
}

/**
 * @param {readonly string[]} output
 * @param {number} count
 */
function lastLines(output, count) {
  return output.join('').trim().split('\n').slice(-count);
}
