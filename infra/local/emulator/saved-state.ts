/**
 * The emulator's saved state and the port in it.
 *
 * Queue URLs, outputs of stacks and variables of functions name the emulator's own port. A state that was
 * saved under another port (a copy that a test starts beside the original) would be half deaf, so the port
 * is rewritten before the start. A file beside the state says which port it knows.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PORT_FILE = 'port.txt';

/**
 * Makes the saved state in `stateDir` (if any) fit for an emulator on `port`. Only while none runs on it.
 * @throws the file system's error when the state cannot be read or written.
 */
export async function adoptState(stateDir: string, port: number): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  const portFile = join(stateDir, PORT_FILE);
  const known = await readFile(portFile, 'utf8').catch(() => undefined);
  if (known === String(port)) return;
  if (known !== undefined) await replacePort(stateDir, Number(known), port);
  await writeFile(portFile, String(port));
}

/** A text in which every address of the emulator at port `from` names port `to` instead. */
export function moveAddresses(text: string, from: number, to: number): string {
  return text.replace(new RegExp(`(localhost|127\\.0\\.0\\.1):${from}(?!\\d)`, 'g'), `$1:${to}`);
}

async function replacePort(stateDir: string, from: number, to: number): Promise<void> {
  const names = await readdir(stateDir);
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const path = join(stateDir, name);
    const text = await readFile(path, 'utf8');
    const adopted = moveAddresses(text, from, to);
    if (adopted !== text) await writeFile(path, adopted);
  }
}
