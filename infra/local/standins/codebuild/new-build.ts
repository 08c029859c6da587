/** A build as StartBuild makes it, before anything of it has run. */
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { type Build, closePhase, openPhase, type Variable } from './build.ts';
import { buildPaths } from './build-store.ts';
import type { Project } from './project.ts';
import type { StartBuildRequest } from './requests.ts';

export interface NewBuildOptions {
  project: Project;
  request: StartBuildRequest;
  buildNumber: number;
  stateDir: string;
  region: string;
  /** Seconds since 1970. */
  now: number;
}

/** A build in QUEUED; what the request overrides wins over the project. */
export function createBuild({ project, request, ...options }: NewBuildOptions): Build {
  const uuid = randomUUID();
  const id = `${project.name}:${uuid}`;
  const build: Build = {
    id,
    arn: `arn:aws:codebuild:${options.region}:000000000000:build/${id}`,
    buildNumber: options.buildNumber,
    projectName: project.name,
    startTime: options.now,
    currentPhase: 'SUBMITTED',
    buildStatus: 'IN_PROGRESS',
    buildComplete: false,
    phases: [],
    source: { ...project.source, buildspec: request.buildspecOverride ?? project.source.buildspec },
    artifacts: { location: '' },
    environment: {
      ...project.environment,
      environmentVariables: mergeVariables(
        project.environment.environmentVariables,
        request.environmentVariablesOverride,
      ),
    },
    serviceRole: project.serviceRole,
    logs: {
      groupName: `/aws/codebuild/${project.name}`,
      streamName: uuid,
      deepLink: pathToFileURL(buildPaths(options.stateDir, id).log).href,
    },
    timeoutInMinutes: request.timeoutInMinutesOverride ?? project.timeoutInMinutes,
    queuedTimeoutInMinutes: request.queuedTimeoutInMinutesOverride ?? project.queuedTimeoutInMinutes,
    initiator: 'goldsmith',
  };
  openPhase(build, 'SUBMITTED', options.now);
  closePhase(build, 'SUCCEEDED', options.now);
  openPhase(build, 'QUEUED', options.now);
  return build;
}

function mergeVariables(base: readonly Variable[], overrides: readonly Variable[]): Variable[] {
  const merged = new Map([...base, ...overrides].map((variable) => [variable.name, variable]));
  return [...merged.values()];
}
