/**
 * What the CodeBuild stand-in serves of the AWS API, seen through the SDK: StartBuild (overrides, token),
 * BatchGetBuilds and ListBuildsForProject, and how it runs a buildspec.
 */
import {
  BatchGetBuildsCommand,
  InvalidInputException,
  ListBuildsForProjectCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-codebuild';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CodeBuildFixture, phasesOf, type StandIn } from './codebuild-fixture.ts';

const CARRYING_BUILDSPEC = `
version: 0.2
env:
  shell: bash
  variables: { GREETING: hello }
phases:
  install:
    runtime-versions: { nodejs: 24 }
    commands:
      - mkdir -p deep/er && cd deep/er
      - export QUOTED="it's \\"$GREETING\\"" && unset GREETING
  build:
    commands:
      - |
        set -euo pipefail
        echo "in \${PWD#"$CODEBUILD_SRC_DIR"} with $QUOTED"
      - echo "greeting [\${GREETING-}] shell \${BASH_VERSION:+bash}"
`;

let fixture: CodeBuildFixture;
let standIn: StandIn;

beforeAll(async () => {
  fixture = await CodeBuildFixture.create();
  vi.stubEnv('SECRET_OF_THE_CALLER', 'leaked');
  vi.stubEnv('NO_PROXY', 'only.example');
  standIn = await fixture.startStandIn({ environment: { AWS_ENDPOINT_URL: 'http://emulator.test' } });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await standIn.stop();
  await fixture.close();
});

describe('a build that succeeds', () => {
  test('goes through all phases of AWS in their order', async () => {
    const project = await fixture.createProject({
      phases: { install: { commands: ['echo one'] }, build: { commands: ['echo two'] } },
    });

    const { build, log } = await standIn.run(project);

    expect(phasesOf(build)).toEqual([
      'SUBMITTED:SUCCEEDED',
      'QUEUED:SUCCEEDED',
      'PROVISIONING:SUCCEEDED',
      'DOWNLOAD_SOURCE:SUCCEEDED',
      'INSTALL:SUCCEEDED',
      'PRE_BUILD:SUCCEEDED',
      'BUILD:SUCCEEDED',
      'POST_BUILD:SUCCEEDED',
      'UPLOAD_ARTIFACTS:SUCCEEDED',
      'FINALIZING:SUCCEEDED',
      'COMPLETED',
    ]);
    expect(build).toMatchObject({
      buildStatus: 'SUCCEEDED',
      buildComplete: true,
      currentPhase: 'COMPLETED',
      projectName: project,
      buildNumber: 1,
      timeoutInMinutes: 20,
    });
    expect(build.id).toMatch(new RegExp(`^${project}:[0-9a-f-]{36}$`));
    expect(build.startTime).toBeInstanceOf(Date);
    expect(build.endTime).toBeInstanceOf(Date);
    expect(log).toMatch(/one[\s\S]*two/);
  });

  test('is answered by StartBuild as queued and in progress', async () => {
    const project = await fixture.createProject({ phases: { build: { commands: ['true'] } } });
    const build = await standIn.start(project);
    expect(build).toMatchObject({ currentPhase: 'QUEUED', buildStatus: 'IN_PROGRESS', buildComplete: false });
    await standIn.waitForEnd(build.id);
  });

  test('carries cd and export over to later commands and phases', async () => {
    const project = await fixture.createProject(CARRYING_BUILDSPEC);

    const { build, log } = await standIn.run(project);

    expect(build.buildStatus).toBe('SUCCEEDED');
    expect(log).toContain(`in /deep/er with it's "hello"`);
    expect(log).toContain('greeting [] shell bash');
  });
});

describe('a build that fails', () => {
  test('in BUILD still runs POST_BUILD, which can see it, and ends FAILED', async () => {
    const project = await fixture.createProject({
      phases: {
        build: { commands: ['exit 3', 'echo skipped'], finally: ['echo cleaned'] },
        post_build: { commands: ['echo "succeeding $CODEBUILD_BUILD_SUCCEEDING"'] },
      },
    });

    const { build, log } = await standIn.run(project);

    expect(phasesOf(build).slice(6)).toEqual([
      'BUILD:FAILED',
      'POST_BUILD:SUCCEEDED',
      'UPLOAD_ARTIFACTS:SUCCEEDED',
      'FINALIZING:SUCCEEDED',
      'COMPLETED',
    ]);
    expect(build.buildStatus).toBe('FAILED');
    expect(build.phases?.[6]?.contexts).toEqual([
      {
        statusCode: 'COMMAND_EXECUTION_ERROR',
        message: 'Error while executing command: exit 3. Reason: exit status 3',
      },
    ]);
    expect(log).toMatch(/^cleaned$/m);
    expect(log).toMatch(/^succeeding 0$/m);
    expect(log).not.toMatch(/^skipped$/m);
  });

  test('in PRE_BUILD goes straight to FINALIZING', async () => {
    const project = await fixture.createProject({
      phases: { pre_build: { commands: ['false'] }, build: { commands: ['echo no'] } },
    });
    const { build } = await standIn.run(project);
    expect(phasesOf(build).slice(5)).toEqual(['PRE_BUILD:FAILED', 'FINALIZING:SUCCEEDED', 'COMPLETED']);
  });

  test('obeys on-failure', async () => {
    const project = await fixture.createProject({
      phases: {
        install: { commands: ['false'], 'on-failure': 'CONTINUE' },
        build: { commands: ['false'], 'on-failure': 'ABORT' },
        post_build: { commands: ['echo no'] },
      },
    });
    const { build } = await standIn.run(project);
    expect(phasesOf(build).slice(4)).toEqual([
      'INSTALL:FAILED',
      'PRE_BUILD:SUCCEEDED',
      'BUILD:FAILED',
      'FINALIZING:SUCCEEDED',
      'COMPLETED',
    ]);
  });

  test('because of its buildspec fails in DOWNLOAD_SOURCE', async () => {
    const project = await fixture.createProject({ version: '0.1', phases: {} });
    const { build } = await standIn.run(project);
    expect(phasesOf(build).slice(3)).toEqual(['DOWNLOAD_SOURCE:FAILED', 'FINALIZING:SUCCEEDED', 'COMPLETED']);
    expect(build.phases?.[3]?.contexts?.[0]?.message).toContain('only version 0.2');
  });
});

describe('the environment of a build', () => {
  test('lets StartBuild win over the project, and that over the buildspec', async () => {
    const project = await fixture.createProject(
      {
        env: { variables: { A: 'buildspec', B: 'buildspec', C: 'buildspec' } },
        phases: { build: { commands: ['echo "$A $B $C"'] } },
      },
      { variables: { A: 'project', B: 'project' } },
    );
    const { build, log } = await standIn.run(project, {
      environmentVariablesOverride: [{ name: 'A', value: 'override', type: 'PLAINTEXT' }],
    });
    expect(log).toMatch(/^override project buildspec$/m);
    expect(build.environment?.environmentVariables).toContainEqual({
      name: 'A',
      value: 'override',
      type: 'PLAINTEXT',
    });
  });

  test('holds chosen variables only, on Node 24, in a clean home', async () => {
    const project = await fixture.createProject({
      phases: {
        build: { commands: ['env | sort', 'ls -A "$CODEBUILD_SRC_DIR" "$TMPDIR"', 'node --version'] },
      },
    });
    const { build, log } = await standIn.run(project);
    expect(log).not.toContain('SECRET_OF_THE_CALLER');
    expect(log).not.toContain('CODEBUILD_STANDIN_SETTINGS');
    expect(log).toMatch(/^NO_PROXY=only\.example$/m);
    expect(log).toMatch(/^AWS_ENDPOINT_URL=http:\/\/emulator\.test$/m);
    expect(log).toMatch(/^AWS_REGION=us-east-1$/m);
    expect(log).toContain(`CODEBUILD_BUILD_ID=${build.id}`);
    expect(log).toContain(`CODEBUILD_BUILD_ARN=${build.arn}`);
    expect(log).toMatch(/^HOME=.*\/work\/[0-9a-f]{8}$/m);
    expect(log).toMatch(/^v24\./m);
  });
});

test('a source in S3 is unpacked with its modes', async () => {
  const archive = zipSync({
    'bin/run.sh': [strToU8('#!/bin/sh\necho "ran $(cat data.txt)"\n'), { os: 3, attrs: 0o100755 << 16 }],
    'data.txt': [strToU8('42'), { os: 3, attrs: 0o100644 << 16 }],
  });
  const location = await fixture.putSource(archive);
  const project = await fixture.createProject(
    { phases: { build: { commands: ['bin/run.sh', 'test ! -x data.txt'] } } },
    { source: { type: 'S3', location } },
  );
  const { build, log } = await standIn.run(project);
  expect(build.buildStatus).toBe('SUCCEEDED');
  expect(log).toMatch(/^ran 42$/m);
});

describe('requests', () => {
  test('with one token start one build; other parameters are refused', async () => {
    const project = await fixture.createProject({ phases: { build: { commands: ['true'] } } });
    const [first, second] = await Promise.all([
      standIn.start(project, { idempotencyToken: 'run-1' }),
      standIn.start(project, { idempotencyToken: 'run-1' }),
    ]);
    expect(second.id).toBe(first.id);
    const changed = standIn.start(project, { idempotencyToken: 'run-1', timeoutInMinutesOverride: 9 });
    await expect(changed).rejects.toThrow(InvalidInputException);
    await standIn.waitForEnd(first.id);
  });

  test('for an unknown project or build are answered as on AWS', async () => {
    await expect(standIn.start('nobody')).rejects.toThrow(ResourceNotFoundException);
    const ids = ['nobody:00000000-0000-4000-8000-000000000000'];
    const { builds, buildsNotFound } = await standIn.client.send(new BatchGetBuildsCommand({ ids }));
    expect({ builds, buildsNotFound }).toEqual({ builds: [], buildsNotFound: ids });
  });

  test('outside the limits of AWS, or asking for what is not served, are invalid', async () => {
    const project = await fixture.createProject({ phases: { build: { commands: ['true'] } } });
    const inputs = [
      { timeoutInMinutesOverride: 4 },
      { queuedTimeoutInMinutesOverride: 481 },
      { imageOverride: 'other' },
      { environmentVariablesOverride: [{ name: 'A', value: 'x', type: 'SECRETS_MANAGER' as const }] },
    ];
    for (const input of inputs) {
      await expect(standIn.start(project, input)).rejects.toThrow(InvalidInputException);
    }
  });

  test('ListBuildsForProject answers the newest build first', async () => {
    const project = await fixture.createProject({ phases: { build: { commands: ['true'] } } });
    const first = await standIn.start(project);
    const second = await standIn.start(project);
    const { ids } = await standIn.client.send(new ListBuildsForProjectCommand({ projectName: project }));
    expect(ids).toEqual([second.id, first.id]);
    await standIn.waitForEnd(second.id);
  });
});
