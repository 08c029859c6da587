/** When the Python environment of the emulator is made, and what is said when it cannot be. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withFileLock } from '../../../infra/local/emulator/file-lock.ts';
import { ensureVenv, findInterpreter } from '../../../infra/local/emulator/venv.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'goldsmith-venv-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('an environment', () => {
  test('whose stamp matches its requirements is used as it is, without network', async () => {
    const requirementsFile = join(root, 'requirements.txt');
    await writeFile(requirementsFile, 'six==1.17.0\n');
    await mkdir(join(root, 'venv'));
    const stamp = createHash('sha256').update('six==1.17.0\n').digest('hex');
    await writeFile(join(root, 'venv', '.stamp'), stamp);

    const venv = await ensureVenv({ name: 'test', requirementsFile, venvDir: join(root, 'venv') });

    expect(venv).toEqual({
      dir: join(root, 'venv'),
      python: join(root, 'venv', 'bin', 'python'),
      created: false,
    });
  });

  test('is made anew when the requirements are others; waiting processes make it once', async () => {
    const requirementsFile = join(root, 'requirements.txt');
    await writeFile(requirementsFile, '# nothing\n');
    await mkdir(join(root, 'venv'));
    await writeFile(join(root, 'venv', '.stamp'), 'old');
    const told: string[] = [];
    const options = { name: 'test', requirementsFile, venvDir: join(root, 'venv') };

    const venvs = await Promise.all([
      ensureVenv({ ...options, onProgress: (message) => told.push(message) }),
      ensureVenv(options),
    ]);

    expect(venvs.filter(({ created }) => created)).toHaveLength(1);
    expect((await ensureVenv(options)).created).toBe(false);
  });

  test('that cannot be installed says why and is not stamped', async () => {
    const requirementsFile = join(root, 'requirements.txt');
    await writeFile(requirementsFile, 'not a requirement\n');
    const options = { name: 'test', requirementsFile, venvDir: join(root, 'venv') };
    await expect(ensureVenv(options)).rejects.toThrow(/"test" could not be made[\s\S]*Invalid requirement/);
    expect(await readdir(options.venvDir)).not.toContain('.stamp');
  });
});

describe('the interpreter', () => {
  test('is the first that is new enough', async () => {
    const commands = [
      'no-such-python',
      await fakePython('old', { major: 3, minor: 9, hasVenv: true }),
      await fakePython('bare', { major: 3, minor: 12, hasVenv: false }),
      await fakePython('good', { major: 3, minor: 10, hasVenv: true }),
    ];
    expect((await findInterpreter(commands)).command).toBe(commands[3]);
  });

  test('that is missing or too old is named with what to install', async () => {
    await expect(findInterpreter(['no-such-python'])).rejects.toThrow(
      /3\.10 or newer \(none was found\).*apt-get/,
    );
    const old = await fakePython('old', { major: 3, minor: 9, hasVenv: true });
    await expect(findInterpreter([old])).rejects.toThrow(`${old} is 3.9`);
  });

  test('without the venv module names the Debian package', async () => {
    const bare = await fakePython('bare', { major: 3, minor: 12, hasVenv: false });
    await expect(findInterpreter([bare])).rejects.toThrow(/lacks the venv module.*python3-venv/);
  });
});

test('a lock of a process that died is taken over', async () => {
  const lock = join(root, 'lock');
  // Above any pid that Linux gives (2^22).
  await writeFile(lock, '4194305');
  expect(await withFileLock(lock, async () => 'done')).toBe('done');
});

async function fakePython(name: string, answer: object): Promise<string> {
  const path = join(root, name);
  await writeFile(path, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
  await chmod(path, 0o755);
  return path;
}
