/**
 * Finding and ending the processes of one stack, also those whose parent crashed. A process belongs to a stack when
 * its environment or its command line names the stack's folder of state or of temporary files: the emulator, its
 * Lambda processes, the stand-ins, runners, Packer and the VMs all do. Nobody else's process is ever touched.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StackPaths } from './settings.ts';

/** Programs that may be found by their command line alone; an editor that shows a file of the state is not one. */
const OWN_PROGRAMS =
  /^(qemu-system-[a-z0-9_]+|python[0-9.]*|node|packer.*|sh|bash|dash|ssh-keygen|qemu-img)$/;

/** Between two looks at whether processes are gone; the kernel tells a stranger nothing. */
const POLL_MS = 50;

export interface FoundProcess {
  pid: number;
  /** What it is, in a word. */
  program: string;
}

/**
 * Start time of a process in clock ticks since the machine's boot: field 22 of /proc/<pid>/stat, see proc(5).
 * With the pid it names a process for ever, since pids are given out again.
 * @returns undefined when there is no such process, or only its zombie
 */
export async function readStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the program's name in brackets and may hold blanks: count from its end.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : fields[18];
}

/** The folders that tell whose a process is. */
type StackFolders = Pick<StackPaths, 'state' | 'temporary'>;

/** All processes of the stack with these folders, without the caller and its ancestors. */
export async function findProcesses({ state, temporary }: StackFolders): Promise<FoundProcess[]> {
  const own = await findAncestors(process.pid);
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && !own.has(pid));
  const found = await Promise.all(pids.map((pid) => inspect(pid, [state, temporary])));
  return found.filter((each) => each !== undefined);
}

async function inspect(pid: number, folders: readonly string[]): Promise<FoundProcess | undefined> {
  // A process of another user, or one that has just ended, cannot be read: it is not ours.
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const program = basename(commandLine.split('\0')[0] ?? '');
  const isNamed = OWN_PROGRAMS.test(program) && names(commandLine, folders);
  if (!isNamed && !names(withoutFolders(environment), folders)) return undefined;
  return (await readStartTime(pid)) === undefined ? undefined : { pid, program };
}

/** A shell that somebody opened in the state folder carries its name as well, and is none of ours. */
function withoutFolders(environment: string): string {
  const variables = environment.split('\0');
  return variables.filter((each) => !/^(PWD|OLDPWD|INIT_CWD)=/.test(each)).join('\0');
}

/** Whether one of the folders itself or something in it is named; `/a/state-2` is not `/a/state`. */
function names(text: string, folders: readonly string[]): boolean {
  const rests = folders.flatMap((folder) => text.split(folder).slice(1));
  return rests.some((rest) => rest === '' || /^[/\0,:;"' ]/.test(rest));
}

async function findAncestors(pid: number): Promise<Set<number>> {
  const ancestors = new Set<number>();
  for (let current = pid; current > 0 && !ancestors.has(current); ) {
    ancestors.add(current);
    current = await readParent(current);
  }
  return ancestors;
}

/** Pid of a process's parent, 0 when there is none: field 4 of /proc/<pid>/stat. */
async function readParent(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

/**
 * Kills every process of the stack, also those that start meanwhile, and resolves when none is left.
 * @returns what was killed
 * @throws Error when some survive SIGKILL for ten seconds (they hang in the kernel)
 */
export async function killProcesses(folders: StackFolders): Promise<FoundProcess[]> {
  const killed = new Map<number, FoundProcess>();
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await findProcesses(folders);
    if (found.length === 0) return [...killed.values()];
    if (Date.now() > deadline)
      throw new Error(`Processes do not end: ${found.map((each) => each.pid).join(', ')}`);
    for (const each of found) {
      killed.set(each.pid, each);
      kill(each.pid, 'SIGKILL');
    }
    await delay(POLL_MS);
  }
}

/** Kills everything that this process has started, and what those have started. */
export async function killDescendants(): Promise<void> {
  const parents = new Map<number, number>();
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger))
    parents.set(pid, await readParent(pid));
  const family = new Set([process.pid]);
  // A process can be listed before its parent, so the list is walked until nothing is added.
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  family.delete(process.pid);
  for (const pid of family) kill(pid, 'SIGKILL');
}

/** Sends a signal; a process that has just ended is no error. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** Resolves with true when the process has ended, with false after the limit in milliseconds. */
export async function waitForEnd(pid: number, startTime: string, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while ((await readStartTime(pid)) === startTime) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
