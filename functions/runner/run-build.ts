import type { ReadOutput } from './build-facts.ts';
import { type Ending, executeBuild } from './build-job.ts';
import { type ClaimTools, workOnRun } from './claimed-run.ts';
import { inspectPacker } from './packer-version.ts';
import type { Settings } from './settings.ts';

export type RunnerTools = ClaimTools & {
  environment: NodeJS.ProcessEnv;
  readOutputOf: (platform: string) => ReadOutput;
};

/**
 * Executes one run, from the claim to the hand-over. Resolves with its outcome when that was handed over; rejects
 * when the run could not be claimed or handed over (agent-errors.ts).
 */
export const runBuild = async (settings: Settings, tools: RunnerTools): Promise<Ending['outcome']> => {
  const found = await inspectPacker(settings.packer);
  return workOnRun(settings, tools, found, (session) =>
    executeBuild(session, { ...tools, packer: settings.packer, found }),
  );
};
