/** Looks at the machine and at the checkout: what is there, and what has to be fetched. Changes nothing. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import {
  baseDisk,
  npmPackages,
  OLDEST_NODE,
  OLDEST_PYTHON_MINOR,
  pythonEnvironments,
  pythonVenvPackage,
  systemPackages,
} from './ingredients.mjs';

const LOCAL = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

/** The folder of the checkout. */
export const CHECKOUT = resolve(LOCAL, '../..');

/** The Node that runs everything after the set-up. */
export const PROJECT_NODE = join(CHECKOUT, 'node_modules', '.bin', 'node');

/**
 * @typedef {import('./ingredients.mjs').Item} Item
 * @typedef {{npm: Item[], apt: (Item & {package: string})[], python: Item[], disk: Item[]}} Missing
 * @typedef {{packages: Record<string, {version?: string, optional?: boolean}>}} Lockfile the part of npm's that is read
 */

/**
 * What `npm start` cannot mend by itself.
 * @returns {string[]} one line per fault, each with what to do about it; empty when all is well
 */
export function findObstacles() {
  const obstacles = [];
  const major = Number(process.versions.node.split('.')[0]);
  if (process.platform !== 'linux' || process.arch !== 'x64')
    obstacles.push(
      `Goldsmith on one machine needs Linux on x86_64; this is ${process.platform} on ${process.arch}.`,
    );
  if (major < OLDEST_NODE)
    obstacles.push(
      `Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or newer (https://nodejs.org).`,
    );
  if (findPython() === undefined)
    obstacles.push(
      `Python 3.${OLDEST_PYTHON_MINOR} or newer was not found. On Debian and Ubuntu: apt-get install python3 python3-venv`,
    );
  return obstacles;
}

/**
 * The first suitable Python.
 * @returns {{version: string, hasVenv: boolean} | undefined}
 */
export function findPython() {
  const probe =
    'import sys, importlib.util as u; print(*sys.version_info[:3], all(u.find_spec(m) for m in ("venv", "ensurepip")))';
  let found;
  for (const command of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    const [major = '', minor = '', patch = '', hasVenv = ''] = firstLine(command, ['-c', probe]).split(' ');
    if (major !== '3' || Number(minor) < OLDEST_PYTHON_MINOR) continue;
    found ??= { version: `3.${minor}.${patch}`, hasVenv: hasVenv === 'True' };
    if (hasVenv === 'True') return { version: `3.${minor}.${patch}`, hasVenv: true };
  }
  return found;
}

/**
 * What has to be fetched before Goldsmith can start, by the tool that fetches it.
 * @returns {Missing}
 */
export function findMissing() {
  return {
    npm: hasNodeModules() ? [] : npmPackages,
    apt: findMissingPackages(),
    python: pythonEnvironments.filter((environment) => !hasEnvironment(environment)).map(intoGoldsmith),
    disk: hasBaseDisk() ? [] : [intoGoldsmith(baseDisk)],
  };
}

/** Whether every package of the lockfile is installed in its version, and the project's own Node with them. */
export function hasNodeModules() {
  const wanted = readLockfile(join(CHECKOUT, 'package-lock.json'))?.packages ?? {};
  const present = readLockfile(join(CHECKOUT, 'node_modules', '.package-lock.json'))?.packages;
  if (present === undefined || !existsSync(PROJECT_NODE)) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const found = present[path];
    return found === undefined ? optional === true : found.version === version;
  });
}

/** How many packages of the lockfile have a folder by now, in words. */
export function countInstalledPackages() {
  const wanted = readLockfile(join(CHECKOUT, 'package-lock.json'))?.packages ?? {};
  const paths = Object.keys(wanted).filter((path) => path !== '' && wanted[path]?.optional !== true);
  const count = paths.filter((path) => existsSync(join(CHECKOUT, path, 'package.json'))).length;
  return `${count} of ${paths.length} packages unpacked`;
}

/** The system's packages whose programs or files are absent. */
function findMissingPackages() {
  const absent = systemPackages.filter(
    ({ programs = [], files = [] }) =>
      !programs.every((name) => findProgram(name)) || !files.every(existsSync),
  );
  if (findPython()?.hasVenv === false) absent.push(pythonVenvPackage);
  return absent.map((item) => ({ ...item, into: 'the system, by apt' }));
}

/**
 * A virtual environment that was finished from these requirements carries their hash; see emulator/venv.ts.
 * @param {import('./ingredients.mjs').PythonEnvironment} environment
 */
function hasEnvironment({ id, requirements }) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(LOCAL, requirements)))
    .digest('hex');
  return readText(join(CHECKOUT, '.goldsmith', 'venv', id, '.stamp')) === wanted;
}

function hasBaseDisk() {
  try {
    const folder = join(CHECKOUT, '.goldsmith', 'cache', 'base-disk');
    return readdirSync(folder).some((name) => name.endsWith('.qcow2'));
  } catch {
    return false;
  }
}

/**
 * Full path of a program, or undefined. The sbin folders are not in everyone's PATH.
 * @param {string} name
 */
export function findProgram(name) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {import('./ingredients.mjs').Ingredient} item
 * @returns {Item}
 */
function intoGoldsmith(item) {
  return { ...item, into: '.goldsmith' };
}

/**
 * @param {string} path
 * @returns {Lockfile | undefined}
 */
function readLockfile(path) {
  const text = readText(path);
  if (text === undefined) return undefined;
  /** @type {unknown} */
  const content = JSON.parse(text);
  return isLockfile(content) ? content : undefined;
}

/**
 * Enough of a check for what npm writes itself; nothing better is installed yet.
 * @param {unknown} content
 * @returns {content is Lockfile}
 */
function isLockfile(content) {
  return typeof content === 'object' && content !== null && 'packages' in content;
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * First line that a command prints, empty when it cannot be run.
 * @param {string} command
 * @param {string[]} args
 */
export function firstLine(command, args) {
  try {
    /** @satisfies {import('node:child_process').ExecFileSyncOptionsWithStringEncoding} */
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 };
    return execFileSync(command, args, options).trim().split('\n')[0] ?? '';
  } catch {
    return '';
  }
}
