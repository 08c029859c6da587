/**
 * Finding the processes of a state folder again after a crash. A process id alone is not proof, since the kernel gives
 * ids out again: a record holds the start time too, and the command line must name the state folder.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { isInstanceId, processFile, vmFolder, vmsFolder } from './state-folder.ts';

const processRecordSchema = z.object({ pid: z.number().int().positive(), startTime: z.string() });

/**
 * Start time of a process in clock ticks since the machine's boot: field 22 of /proc/<pid>/stat, see proc(5).
 * @returns undefined when there is no such process, or only its zombie
 */
export async function readStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the program's name in brackets and may hold blanks: count from its end.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : fields[18];
}

/** Writes down which process runs a VM. */
export async function recordProcess(stateDir: string, instanceId: string, pid: number): Promise<void> {
  const record = { pid, startTime: (await readStartTime(pid)) ?? 'gone' };
  await writeFile(processFile(stateDir, instanceId), JSON.stringify(record));
}

/** Forgets the process of a VM that has ended. */
export function forgetProcess(stateDir: string, instanceId: string): Promise<void> {
  return rm(processFile(stateDir, instanceId), { force: true });
}

async function findLiveProcess(stateDir: string, instanceId: string): Promise<number | undefined> {
  const text = await readFile(processFile(stateDir, instanceId), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = processRecordSchema.safeParse(parseJson(text));
  if (!parsed.success || (await readStartTime(parsed.data.pid)) !== parsed.data.startTime) return undefined;
  const commandLine = await readFile(`/proc/${parsed.data.pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.includes(vmFolder(stateDir, instanceId)) ? parsed.data.pid : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One VM process that was left behind and has been killed. */
export interface ReapedVm {
  instanceId: string;
  pid: number;
}

/**
 * Kills the VM processes that a crashed manager of this state folder left behind, and no other process. Not to be
 * called while a manager of the folder lives.
 * @returns what was killed
 */
export async function reapVms(stateDir: string): Promise<ReapedVm[]> {
  const names = await readdir(vmsFolder(stateDir)).catch(() => []);
  const reaped: ReapedVm[] = [];
  for (const instanceId of names.filter(isInstanceId)) {
    const pid = await findLiveProcess(stateDir, instanceId);
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL');
      reaped.push({ instanceId, pid });
    }
    await forgetProcess(stateDir, instanceId);
  }
  return reaped;
}
