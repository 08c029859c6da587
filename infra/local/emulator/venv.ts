/**
 * Python virtual environments of the local stage, one per emulator, under `.goldsmith/venv/`.
 *
 * A finished environment carries a `.stamp` with the SHA-256 of the requirements it was made from. While
 * that matches nothing is run and no network is needed; any other state (absent, half made, other
 * requirements) is thrown away and made anew. Processes that want the same environment at the same time
 * take turns through a lock file that names its owner.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { withFileLock } from './file-lock.ts';

const run = promisify(execFile);

const CHECKOUT = resolve(import.meta.dirname, '../../..');

/** MiniStack needs 3.10 (its package metadata: `Requires-Python: >=3.10`). */
const OLDEST_MINOR = 10;

/** `python3` first: it is what the user meant. Named versions help where it is an old one. */
const INTERPRETERS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

const PROBE = `import json, sys
try:
    import ensurepip, venv
    usable = True
except ImportError:
    usable = False
print(json.dumps({"major": sys.version_info[0], "minor": sys.version_info[1], "hasVenv": usable}))`;

const probeSchema = z.object({ major: z.number(), minor: z.number(), hasVenv: z.boolean() });
type Interpreter = z.infer<typeof probeSchema> & { command: string };

export interface VenvOptions {
  /** Short name, used in messages and for the default folder. */
  name: string;
  /** Path of a requirements.txt that pins everything with `==`. */
  requirementsFile: string;
  /** The environment's own folder. Default: `<checkout>/.goldsmith/venv/<name>`. */
  venvDir?: string | undefined;
  /** Told in plain words what takes time. */
  onProgress?: ((message: string) => void) | undefined;
}

export interface Venv {
  dir: string;
  /** Path of the environment's interpreter. */
  python: string;
  /** False when the environment was there already. */
  created: boolean;
}

/** The folder `ensureVenv` uses for a name when it is given none. */
export function defaultVenvDir(name: string): string {
  return join(CHECKOUT, '.goldsmith', 'venv', name);
}

/**
 * Makes sure that a virtual environment with exactly these requirements exists.
 * Takes about 1 ms when it does, some 10 s and network access when it does not.
 * @throws Error with advice when no suitable Python is installed, or with pip's own words when it fails.
 */
export async function ensureVenv(options: VenvOptions): Promise<Venv> {
  const dir = resolve(options.venvDir ?? defaultVenvDir(options.name));
  const python = join(dir, 'bin', 'python');
  const wanted = createHash('sha256')
    .update(await readFile(options.requirementsFile))
    .digest('hex');
  if (await isStamped(dir, wanted)) return { dir, python, created: false };

  await mkdir(dirname(dir), { recursive: true });
  return withFileLock(`${dir}.lock`, async () => {
    // Another process may have finished it while this one waited.
    if (await isStamped(dir, wanted)) return { dir, python, created: false };
    await createVenv(dir, options);
    await writeFile(join(dir, '.stamp'), wanted);
    return { dir, python, created: true };
  });
}

async function isStamped(dir: string, wanted: string): Promise<boolean> {
  const stamp = await readFile(join(dir, '.stamp'), 'utf8').catch(() => undefined);
  return stamp === wanted;
}

async function createVenv(dir: string, options: VenvOptions): Promise<void> {
  const report = options.onProgress ?? (() => {});
  const interpreter = await findInterpreter();
  report(`${options.name}: creating a Python ${interpreter.major}.${interpreter.minor} environment`);
  await rm(dir, { recursive: true, force: true });
  await runOrExplain(interpreter.command, ['-m', 'venv', dir], options.name);
  report(`${options.name}: installing Python packages (once, needs network)`);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
  // The list is complete, so nothing but the list may be installed.
  const only = ['--no-deps', '--requirement', options.requirementsFile];
  await runOrExplain(join(dir, 'bin', 'python'), [...pip, ...only], options.name);
  report(`${options.name}: ready`);
}

async function runOrExplain(command: string, args: string[], name: string): Promise<void> {
  try {
    await run(command, args, { maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const said = z.object({ stderr: z.string() }).safeParse(error);
    const detail = said.success ? said.data.stderr.trim().split('\n').slice(-15).join('\n') : String(error);
    throw new Error(`The Python environment "${name}" could not be made:\n${detail}`, { cause: error });
  }
}

/**
 * The first interpreter that can make an environment for MiniStack.
 * @throws Error that says what was found and what to install.
 */
export async function findInterpreter(commands: readonly string[] = INTERPRETERS): Promise<Interpreter> {
  const found: Interpreter[] = [];
  for (const command of commands) {
    const interpreter = await probe(command);
    if (interpreter === undefined) continue;
    if (isNewEnough(interpreter) && interpreter.hasVenv) return interpreter;
    found.push(interpreter);
  }
  throw new Error(explainMissing(found));
}

async function probe(command: string): Promise<Interpreter | undefined> {
  try {
    const { stdout } = await run(command, ['-c', PROBE]);
    return { command, ...probeSchema.parse(JSON.parse(stdout)) };
  } catch {
    return undefined;
  }
}

function isNewEnough(found: Interpreter): boolean {
  return found.major === 3 && found.minor >= OLDEST_MINOR;
}

function explainMissing(found: readonly Interpreter[]): string {
  const withoutVenv = found.find(isNewEnough);
  if (withoutVenv !== undefined) {
    return (
      `Python ${withoutVenv.major}.${withoutVenv.minor} lacks the venv module. ` +
      `On Debian and Ubuntu: apt-get install python3-venv`
    );
  }
  const first = found[0];
  const seen = first === undefined ? 'none was found' : `${first.command} is ${first.major}.${first.minor}`;
  return (
    `The local stage needs Python 3.${OLDEST_MINOR} or newer (${seen}). ` +
    `On Debian and Ubuntu: apt-get install python3 python3-venv`
  );
}
