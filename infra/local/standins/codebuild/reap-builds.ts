/** Ends the builds that a stand-in left behind when it was killed. */
import { rm } from 'node:fs/promises';
import { completeBuild } from './build.ts';
import { type BuildRecord, loadBuilds, saveBuild, workspaceOf } from './build-store.ts';
import { killBuildProcesses } from './processes.ts';
import type { Settings } from './settings.ts';

/** What BatchGetBuilds says about a build whose stand-in went away. */
export const HOST_GONE = {
  statusCode: 'CLIENT_ERROR',
  message: 'The machine that ran this build went away; the build was ended.',
};

type BuildFolders = Pick<Settings, 'stateDir' | 'workDir'>;

/**
 * Kills the processes of all unfinished builds in a state folder and marks these builds FAILED.
 * Only while no stand-in runs on that folder. Answers all builds, oldest first.
 */
export async function reapBuilds(folders: BuildFolders): Promise<BuildRecord[]> {
  const records = loadBuilds(folders.stateDir);
  for (const record of records) {
    if (!record.build.buildComplete) await reapBuild(folders, record);
  }
  return records;
}

async function reapBuild({ stateDir, workDir }: BuildFolders, record: BuildRecord): Promise<void> {
  const workspace = workspaceOf(workDir, record.build.id);
  const owner = { buildId: record.build.id, workspace };
  await killBuildProcesses(owner, record.shell === undefined ? [] : [record.shell]);
  await rm(workspace, { recursive: true, force: true });
  record.shell = undefined;
  completeBuild(record.build, 'FAILED', Date.now() / 1000, HOST_GONE);
  saveBuild(stateDir, record);
}
