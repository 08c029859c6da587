/** The log files of a stack: one per program, those of the session before kept beside them. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Begins a new set of log files and keeps the last one as `<logs>.previous`. */
export async function rotateLogs(logs: string): Promise<void> {
  await rm(`${logs}.previous`, { recursive: true, force: true });
  await rename(logs, `${logs}.previous`).catch(() => {});
  await mkdir(logs, { recursive: true });
}

/** Writes lines with the time of day to `<logs>/<name>.log`. */
export function openLog(logs: string, name: string): (line: string) => void {
  const stream = createWriteStream(join(logs, `${name}.log`), { flags: 'a' });
  return (line) => void stream.write(`${new Date().toISOString()} ${line}\n`);
}
