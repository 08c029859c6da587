/** What a session that did not end well left behind: processes, and work that is in no save. */
import { join } from 'node:path';
import { readBuilds } from '../standins/codebuild/index.ts';
import { type FoundProcess, killProcesses } from './process-table.ts';
import { Saves } from './saves.ts';
import type { StackPaths } from './settings.ts';

/** The variable by which a build knows its run (functions/workflow/start-build). */
const RUN_VARIABLE = 'GOLDSMITH_RUN_ID';

/** More would hide the rest of what is said. */
const LISTED_RUNS = 5;

/**
 * Ends whatever processes an earlier session of this folder left. Only while no session runs.
 * @returns what was done and what is lost, as sentences for the user
 * @throws Error when a process does not end
 */
export async function recover(paths: StackPaths): Promise<string[]> {
  const saves = new Saves(paths.state);
  const killed = await killProcesses(paths);
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
  const back = `Both accounts go back to their last common save, of ${formatTime(savedAt)}.`;
  const runs = findRuns(paths, savedAt);
  if (runs.length === 0) return `${cut} ${back} What was changed after it is lost; no run had begun since.`;
  return (
    `${cut} ${back} What came after it is lost: changes, and these runs with their logs and images: ` +
    `${runs.slice(0, LISTED_RUNS).join(', ')}${runs.length > LISTED_RUNS ? ` and ${runs.length - LISTED_RUNS} more` : ''}.`
  );
}

/**
 * Runs whose build began after the save, in words. The emulator itself keeps what came after a save in its memory only,
 * CodeBuild's stand-in writes each build down.
 */
function findRuns(paths: StackPaths, since: Date): string[] {
  return readBuilds(join(paths.state, 'codebuild'))
    .filter(({ build }) => build.startTime * 1000 > since.getTime())
    .flatMap(({ build }) => {
      const run = build.environment.environmentVariables.find(({ name }) => name === RUN_VARIABLE);
      const state = build.buildComplete
        ? `its build had ended as ${build.buildStatus}`
        : 'its build was under way';
      return run === undefined ? [] : [`${run.value} (${state})`];
    });
}

function formatTime(time: Date): string {
  return time.toLocaleString('sv-SE');
}
