/** A lock between processes: a file that only one can create and that names its owner. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** Between two looks at a lock that another process holds. Nothing announces a file's removal portably. */
const POLL_MS = 100;

const errorSchema = z.object({ code: z.string() });

/**
 * Runs `action` while holding the lock. Waits for a living owner, takes the lock from a dead one.
 * @throws what `action` throws, or the file system's error when the lock cannot be written.
 */
export async function withFileLock<T>(path: string, action: () => Promise<T>): Promise<T> {
  while (!(await tryCreate(path))) {
    if (await isAbandoned(path)) await rm(path, { force: true });
    else await delay(POLL_MS);
  }
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const owner = Number(await readFile(path, 'utf8').catch(() => ''));
  // An empty file belongs to a process that has just created it.
  if (!Number.isInteger(owner) || owner <= 0) return false;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return hasCode(error, 'ESRCH');
  }
}

function hasCode(error: unknown, code: string): boolean {
  const parsed = errorSchema.safeParse(error);
  return parsed.success && parsed.data.code === code;
}
