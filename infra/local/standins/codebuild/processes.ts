/**
 * Finds and kills the processes of a build, wherever they hid: a command's process group, sessions started
 * below it (the runner starts Packer in its own), and daemons whose parent is gone. The last two are found
 * through /proc: as descendants, and by their environment. It holds CODEBUILD_BUILD_ID, which every process
 * of a build inherits, or where it was made anew (the runner does that for Packer) a folder for temporary
 * files inside the build's own. QEMU virtual machines are spared: they stand for instances, not for build
 * processes. A daemon that cleared all of its environment cannot be found.
 * Linux only, like the virtual machines: without /proc nothing is found.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Between two looks at processes that are not our children; the kernel tells nobody when they end. */
const POLL_MS = 10;

/** Looks until a killed process counts as stuck in the kernel: 3 s. */
const MAX_LOOKS = 300;

/** A process and its start in clock ticks since boot, so that a reused pid is not taken for it. */
export interface ProcessMark {
  pid: number;
  startTicks: string;
}

/** What the environment of a build's processes shows. */
interface BuildOwner {
  buildId: string;
  workspace: string;
}

interface ProcessEntry extends ProcessMark {
  parent: number;
  group: number;
}

/** Remembers a living process; undefined when it is gone, or when the machine has no /proc. */
export function markProcess(pid: number): ProcessMark | undefined {
  const entry = readProcess(pid);
  return entry === undefined ? undefined : { pid, startTicks: entry.startTicks };
}

/**
 * Kills every process of a build with SIGKILL and resolves when they are gone.
 * @param owner the value of CODEBUILD_BUILD_ID that marks its processes, and the build's folder
 * @param roots processes known to belong to the build, such as the running command's shell
 */
export async function killBuildProcesses(owner: BuildOwner, roots: readonly ProcessMark[]): Promise<void> {
  const known = new Map(roots.map((root) => [root.pid, root.startTicks]));
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const living = findBuildProcesses(owner, known);
    if (living.length === 0) return;
    for (const { pid, startTicks } of living) {
      // Its children are found by their parent's pid only while that is remembered.
      known.set(pid, startTicks);
      sendKill(pid);
    }
    await delay(POLL_MS);
  }
}

function findBuildProcesses(owner: BuildOwner, known: ReadonlyMap<number, string>): ProcessEntry[] {
  const all = listProcesses();
  const isRoot = (each: ProcessEntry) => known.get(each.pid) === each.startTicks || isMarked(each.pid, owner);
  const members = new Set(all.filter(isRoot).map(({ pid }) => pid));
  // A process can be listed before its parent, so the tree is walked until nothing is added.
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const each of all) {
      if (members.has(each.parent) || members.has(each.group)) members.add(each.pid);
    }
  }
  return all.filter(({ pid }) => members.has(pid) && pid !== process.pid && !isVirtualMachine(pid));
}

function listProcesses(): ProcessEntry[] {
  return listPids().flatMap((pid) => readProcess(pid) ?? []);
}

function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0);
  } catch {
    return [];
  }
}

/** Zombies do not count: they are dead, only their parent has not looked yet. */
function readProcess(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses and may itself hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent, group] = fields;
    // proc(5): field 22 is the start time; field 3 is the first after the name.
    const startTicks = fields[19];
    if (state === 'Z' || startTicks === undefined) return undefined;
    return { pid, parent: Number(parent), group: Number(group), startTicks };
  } catch {
    return undefined;
  }
}

function isMarked(pid: number, { buildId, workspace }: BuildOwner): boolean {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.some(
      (each) => each === `CODEBUILD_BUILD_ID=${buildId}` || each.startsWith(`TMPDIR=${workspace}/`),
    );
  } catch {
    return false;
  }
}

function isVirtualMachine(pid: number): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).startsWith('qemu-system-');
  } catch {
    return false;
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
