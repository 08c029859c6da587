import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';

/** One running process of a session: its id and the path of its executable. */
export type SessionProcess = { pid: number; executable: string };

/**
 * The processes of one session that run now, read from /proc: zombies and processes of others are left out. Empty
 * where there is no /proc (the runner stops builds on Linux only; elsewhere only Packer's first process is known).
 */
export const listSession = async (sessionId: number): Promise<SessionProcess[]> => {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => readProcess(pid, sessionId)));
  return found.filter((each) => each !== undefined);
};

const readProcess = async (pid: number, sessionId: number): Promise<SessionProcess | undefined> => {
  try {
    if (readSession(await readFile(`/proc/${pid}/stat`, 'utf8')) !== sessionId) return undefined;
    // An executable that was replaced while it ran (an update of Packer) reads "… (deleted)".
    const executable = (await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
    return { pid, executable };
  } catch {
    return undefined; // gone in the meantime, a zombie, or not ours to look at
  }
};

/** Session of a line of /proc/…/stat: `pid (name) state ppid pgrp session …`; the name may hold `)` and spaces. */
const readSession = (stat: string): number | undefined => {
  const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : Number(session);
};

/** Whether an executable is Packer or one of its plugins; never a build VM, ssh, or a tool that Packer started. */
export const isPacker = (executable: string): boolean => {
  const name = path.basename(executable);
  return name === 'packer' || name.startsWith('packer-plugin-');
};
