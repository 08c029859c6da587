/** `npm stop`: asks the running stack to save and stop, waits for it, and cleans up after one that crashed. */
import { rm } from 'node:fs/promises';
import { removeLocalFile } from '../stack/local-file.ts';
import { kill, killProcesses, waitForEnd } from '../stack/process-table.ts';
import { stackPaths } from '../stack/settings.ts';
import { findSupervisor, resignSupervisor } from '../stack/supervisor-file.ts';
import { StagePrinter } from '../terminal/stage-printer.ts';
import type { CommandContext } from './context.ts';

/** Saving and stopping takes 2 s; a busy machine with running builds takes longer. After it the rest is killed. */
const STOP_LIMIT_MS = 60_000;

/** Stops what runs from this folder; returns the exit code. */
export async function stop({ output }: CommandContext): Promise<number> {
  const paths = stackPaths();
  const printer = new StagePrinter(output);
  const supervisor = await findSupervisor(paths);
  if (supervisor !== undefined)
    await printer.stage('stop', async (report) => {
      report('saving and ending all processes');
      kill(supervisor.pid, 'SIGTERM');
      if (await waitForEnd(supervisor.pid, supervisor.startTime, STOP_LIMIT_MS)) return;
      printer.line('It does not end by itself: killing it. The next start goes on from the last save.');
      kill(supervisor.pid, 'SIGKILL');
    });
  const left = await killProcesses(paths);
  await rm(paths.temporary, { recursive: true, force: true });
  await removeLocalFile(paths);
  if (supervisor === undefined) await resignSupervisor(paths);
  if (left.length > 0) printer.line(`Ended ${left.length} process(es) that a crashed session had left.`);
  else if (supervisor === undefined) printer.line('Nothing runs from this folder.');
  return 0;
}
