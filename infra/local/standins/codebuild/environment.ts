/** The environment of a build: made from chosen names, nothing of the stand-in's own gets in. */
import { delimiter, join, resolve } from 'node:path';
import type { Build } from './build.ts';
import type { Buildspec } from './buildspec.ts';
import { networkVariables, type Settings } from './settings.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../../..');

/** The folders of a build below its workspace. */
export interface BuildFolders {
  workspace: string;
  source: string;
  temporary: string;
}

export function buildFolders(workspace: string): BuildFolders {
  return { workspace, source: join(workspace, 'src'), temporary: join(workspace, 'tmp') };
}

/**
 * All variables of a build's first command. StartBuild's win over the project's, these over the buildspec's
 * (which `Build` has merged already, but for the last); nobody overrides what CodeBuild itself sets.
 */
export function buildEnvironment(
  build: Build,
  buildspec: Buildspec,
  folders: BuildFolders,
  settings: Settings,
): Record<string, string> {
  const requested = build.environment.environmentVariables.map(({ name, value }) => [name, value] as const);
  return {
    // The image's Node, as the project pins it; then the tools of this machine, such as Packer.
    PATH: [join(CHECKOUT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter),
    LANG: 'C.UTF-8',
    AWS_REGION: settings.region,
    AWS_DEFAULT_REGION: settings.region,
    ...networkVariables(process.env),
    ...settings.environment,
    ...buildspec.variables,
    ...Object.fromEntries(requested),
    HOME: folders.workspace,
    TMPDIR: folders.temporary,
    CODEBUILD_BUILD_ID: build.id,
    CODEBUILD_BUILD_ARN: build.arn,
    CODEBUILD_BUILD_NUMBER: String(build.buildNumber),
    CODEBUILD_INITIATOR: build.initiator,
    CODEBUILD_START_TIME: String(Math.round(build.startTime * 1000)),
    CODEBUILD_SRC_DIR: folders.source,
  };
}
