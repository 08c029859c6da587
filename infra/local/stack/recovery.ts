/** What a session that did not end well left behind: processes, and work that is in no save. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FoundProcess, killProcesses } from './process-table.ts';
import { Saves } from './saves.ts';
import type { StackPaths } from './settings.ts';

/**
 * Ends whatever processes an earlier session of this folder left. Only while no session runs.
 * @returns what was done and what is lost, as sentences for the user
 * @throws Error when a process does not end
 */
export async function recover(paths: StackPaths): Promise<string[]> {
  const saves = new Saves(paths.state);
  const killed = await killProcesses(paths.state);
  const crash = await saves.findCrash();
  const sentences: string[] = [];
  if (killed.length > 0)
    sentences.push(`Ended what an earlier session left running: ${countPrograms(killed)}.`);
  if (crash !== undefined) sentences.push(await describeLoss(paths, saves, crash));
  return sentences;
}

function countPrograms(processes: readonly FoundProcess[]): string {
  const counts = new Map<string, number>();
  for (const { program } of processes) counts.set(program, (counts.get(program) ?? 0) + 1);
  return [...counts].map(([program, count]) => (count === 1 ? program : `${count} × ${program}`)).join(', ');
}

async function describeLoss(paths: StackPaths, saves: Saves, crash: Date): Promise<string> {
  const save = await saves.current();
  const cut = `The session of ${formatTime(crash)} was cut off.`;
  if (save === undefined) return `${cut} It had saved nothing yet, so this one begins anew.`;
  const savedAt = new Date(save.savedAt);
  const builds = await countNewer(join(paths.state, 'codebuild', 'builds'), savedAt);
  const disks = await countNewer(join(paths.state, 'ec2', 'disks'), savedAt);
  return (
    `${cut} Both accounts go back to their last common save, of ${formatTime(savedAt)}. What came after it is lost: ` +
    `runs (${builds} builds had begun) with their logs and image versions (${disks} image disks), ` +
    'changes to definitions, and API tokens.'
  );
}

async function countNewer(folder: string, since: Date): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const times = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).mtime));
  return times.filter((time) => time > since).length;
}

function formatTime(time: Date): string {
  return time.toLocaleString('sv-SE');
}
