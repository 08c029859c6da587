/** Says what will be fetched and why, and asks once when a person sits at the terminal. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { findProgram, findPython, firstLine } from './inventory.mjs';

const COLUMNS = ['what', 'version', 'size', 'licence', 'goes into', 'why'];

/** One line on the machine and the programs that are there already. */
export function describeMachine() {
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readSystem())?.[1] ?? 'Linux';
  const facts = [system, `${cpus().length} cores`, `Node ${process.versions.node}`];
  const python = findPython();
  if (python !== undefined) facts.push(`Python ${python.version}`);
  if (findProgram('packer'))
    facts.push(`Packer ${firstLine('packer', ['version']).replace(/^Packer v?/, '')}`);
  if (findProgram('qemu-system-x86_64'))
    facts.push(`QEMU ${firstLine('qemu-system-x86_64', ['--version']).match(/version (\S+)/)?.[1]}`);
  return facts.join(', ');
}

function readSystem() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

/**
 * The table of what is missing, ready to print.
 * @param {import('./inventory.mjs').Missing} missing
 */
export function describePlan(missing) {
  const items = listItems(missing);
  const rows = items.map((item) => [
    item.name,
    item.version,
    `${item.megabytes} MB`,
    item.licence,
    item.into,
    item.why,
  ]);
  const total = Math.round(items.reduce((sum, item) => sum + item.megabytes, 0));
  return `Will be downloaded and installed now, about ${total} MB in all:\n\n${formatTable([COLUMNS, ...rows])}\n`;
}

/**
 * All missing things in the order they are fetched.
 * @param {import('./inventory.mjs').Missing} missing
 */
export function listItems(missing) {
  return [...missing.apt, ...missing.npm, ...missing.python, ...missing.disk];
}

/** @param {readonly (readonly string[])[]} rows */
function formatTable(rows) {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

/**
 * Asks whether to go on; a plain Enter is a yes. Without a terminal, or with `--yes`, the answer is yes.
 * @param {readonly string[]} args the command line
 */
export async function agree(args) {
  // `npm start --yes` without `--` in between ends up in npm's own settings.
  const isGiven = args.includes('--yes') || process.env['npm_config_yes'] === 'true';
  if (isGiven || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question('Go on? [Y/n] ');
    return /^(y|yes)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
