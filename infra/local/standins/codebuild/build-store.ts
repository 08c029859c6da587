/**
 * The builds on disk, one small JSON file each, so that they outlive the stand-in: finished ones are
 * answered after a restart, unfinished ones are found and ended (see reap-builds.ts). The file of a build
 * is replaced in one step at every change; a half-written one can never be read.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { buildSchema } from './build.ts';

/** Finished builds that are kept; AWS keeps them for a year. */
const KEPT_BUILDS = 500;

const recordSchema = z.object({
  build: buildSchema,
  /** Counts all builds of the stand-in: their order. */
  sequence: z.number(),
  /** What StartBuild was told, to notice a token that comes again with something else. */
  idempotency: z.object({ token: z.string(), request: z.string() }).optional(),
  /** The running command's shell, while there is one. */
  shell: z.object({ pid: z.number(), startTicks: z.string() }).optional(),
});
/** A build and what AWS does not show of it. */
export type BuildRecord = z.infer<typeof recordSchema>;

/** Where the parts of one build are. */
export interface BuildPaths {
  record: string;
  log: string;
}

/** The paths of a build's parts; its id is `project:uuid`. */
export function buildPaths(stateDir: string, buildId: string): BuildPaths {
  const uuid = buildId.slice(buildId.lastIndexOf(':') + 1);
  return {
    record: join(stateDir, 'builds', `${uuid}.json`),
    log: join(stateDir, 'logs', `${uuid}.log`),
  };
}

/** The build's machine: home, source and temporary files; gone when the build ends. */
export function workspaceOf(workDir: string, buildId: string): string {
  const uuid = buildId.slice(buildId.lastIndexOf(':') + 1);
  // Short: the sockets of Packer's plugins below it must fit into 108 characters (sun_path of unix(7)).
  return join(workDir, uuid.slice(0, 8));
}

/** Writes a build's record. */
export function saveBuild(stateDir: string, record: BuildRecord): void {
  const path = buildPaths(stateDir, record.build.id).record;
  writeFileSync(`${path}.new`, JSON.stringify(record));
  renameSync(`${path}.new`, path);
}

/** Reads all builds, oldest first, after removing the finished ones above the number that is kept. */
export function loadBuilds(stateDir: string): BuildRecord[] {
  for (const folder of ['builds', 'logs']) mkdirSync(join(stateDir, folder), { recursive: true });
  return pruneBuilds(stateDir, readBuilds(stateDir));
}

/** All builds that a stand-in with this folder knows, oldest first. Changes nothing; none where there is no folder. */
export function readBuilds(stateDir: string): BuildRecord[] {
  const folder = join(stateDir, 'builds');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => recordSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
    .sort((a, b) => a.sequence - b.sequence);
}

/** Removes the oldest finished builds above the number that is kept; answers those that remain. */
export function pruneBuilds(stateDir: string, records: readonly BuildRecord[]): BuildRecord[] {
  const finished = records.filter(({ build }) => build.buildComplete);
  const surplus = new Set(finished.slice(0, Math.max(0, finished.length - KEPT_BUILDS)));
  for (const { build } of surplus) {
    const paths = buildPaths(stateDir, build.id);
    for (const path of [paths.record, paths.log]) rmSync(path, { force: true });
  }
  return records.filter((record) => !surplus.has(record));
}
