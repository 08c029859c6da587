import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import {
  type Build,
  completeBuild,
  openPhase,
  phaseAfter,
} from '../../../../infra/local/standins/codebuild/build.ts';
import { parseBuildspec } from '../../../../infra/local/standins/codebuild/buildspec.ts';
import { createBuild } from '../../../../infra/local/standins/codebuild/new-build.ts';
import { parseStartBuild, parseStopBuild } from '../../../../infra/local/standins/codebuild/requests.ts';
import { networkVariables } from '../../../../infra/local/standins/codebuild/settings.ts';
import { readModes } from '../../../../infra/local/standins/codebuild/source.ts';

describe('a buildspec', () => {
  test('is read from YAML and from JSON alike', () => {
    const expected = {
      shell: 'bash',
      variables: { PORT: '8080', ON: 'true' },
      phases: { build: { commands: ['make'], finally: ['clean', '1'], onFailure: 'ABORT' } },
    };
    const yaml = `
version: 0.2
env: { shell: bash, variables: { PORT: 8080, ON: true } }
phases:
  build: { commands: make, finally: [clean, 1], on-failure: ABORT }
artifacts: { files: ['**/*'] }`;
    const json = JSON.stringify({
      version: 0.2,
      env: { shell: 'bash', variables: { PORT: 8080, ON: true } },
      phases: { build: { commands: ['make'], finally: ['clean', 1], 'on-failure': 'ABORT' } },
    });
    expect(parseBuildspec(yaml)).toEqual(expected);
    expect(parseBuildspec(json)).toEqual(expected);
  });

  test('runs in sh unless it says otherwise', () => {
    expect(parseBuildspec('{version: 0.2, phases: {}}')).toEqual({ shell: 'sh', variables: {}, phases: {} });
  });

  test.each([
    ['another version', 'version: 0.1\nphases: {}', 'only version 0.2'],
    ['another shell', 'version: 0.2\nenv: {shell: powershell.exe}\nphases: {}', 'env.shell'],
    ['secrets', 'version: 0.2\nenv: {secrets-manager: {A: b}}\nphases: {}', 'secrets-manager: is not served'],
    ['an unknown phase', 'version: 0.2\nphases: {deploy: {commands: [a]}}', 'phases'],
    ['a retry on failure', 'version: 0.2\nphases: {build: {on-failure: RETRY}}', 'on-failure'],
    ['no phases', 'version: 0.2', 'phases'],
    ['broken YAML', 'version: [', 'no YAML'],
  ])('with %s is refused', (_what, text, message) => {
    expect(() => parseBuildspec(text)).toThrow(message);
  });
});

describe('the phase after', () => {
  test.each([
    ['INSTALL', false, undefined, 'PRE_BUILD'],
    ['INSTALL', true, undefined, 'FINALIZING'],
    ['INSTALL', true, 'CONTINUE', 'PRE_BUILD'],
    ['PRE_BUILD', true, undefined, 'FINALIZING'],
    ['BUILD', true, undefined, 'POST_BUILD'],
    ['BUILD', true, 'ABORT', 'FINALIZING'],
    ['BUILD', false, 'ABORT', 'POST_BUILD'],
    ['POST_BUILD', true, undefined, 'UPLOAD_ARTIFACTS'],
    ['POST_BUILD', true, 'ABORT', 'FINALIZING'],
  ] as const)('%s (failed: %s, on-failure: %s) is %s', (phase, hasFailed, onFailure, expected) => {
    expect(phaseAfter(phase, hasFailed, onFailure)).toBe(expected);
  });
});

describe('a build', () => {
  test('takes what the request overrides, the rest from the project', () => {
    const build = newBuild({ timeoutInMinutesOverride: 7, buildspecOverride: 'other' });
    expect(build).toMatchObject({
      timeoutInMinutes: 7,
      queuedTimeoutInMinutes: 480,
      source: { type: 'NO_SOURCE', buildspec: 'other' },
      environment: {
        environmentVariables: [
          { name: 'A', value: 'override' },
          { name: 'B', value: 'project' },
        ],
      },
    });
  });

  test('that is completed gives the open phase its status and reason', () => {
    const build = newBuild({});
    openPhase(build, 'BUILD', 110);
    completeBuild(build, 'STOPPED', 112.4, { statusCode: 'X', message: 'why' });
    expect(build.phases.slice(-2)).toEqual([
      {
        phaseType: 'BUILD',
        phaseStatus: 'STOPPED',
        startTime: 110,
        endTime: 112.4,
        durationInSeconds: 2,
        contexts: [{ statusCode: 'X', message: 'why' }],
      },
      { phaseType: 'COMPLETED', startTime: 112.4 },
    ]);
    expect(build).toMatchObject({ buildStatus: 'STOPPED', buildComplete: true, endTime: 112.4 });
  });
});

describe('requests', () => {
  test('are refused with the field that is wrong', () => {
    const wrongName = { projectName: 'p', environmentVariablesOverride: [{ name: 'A-B', value: '' }] };
    expect(() => parseStartBuild(wrongName)).toThrow('environmentVariablesOverride.0.name');
    expect(() => parseStartBuild({ projectName: 'p', autoRetryLimitOverride: 1 })).toThrow('autoRetryLimit');
    expect(() => parseStopBuild({ id: 'no-colon' })).toThrow('is no build id');
  });
});

test('of the environment only proxies and certificates are passed on', () => {
  const environment = {
    HTTPS_PROXY: 'http://proxy',
    SSL_CERT_FILE: '/ca',
    AWS_SECRET_ACCESS_KEY: 'x',
    HOME: '/h',
  };
  expect(networkVariables(environment)).toEqual({ HTTPS_PROXY: 'http://proxy', SSL_CERT_FILE: '/ca' });
});

test('modes are read from the end of a zip archive', () => {
  const archive = zipSync(
    {
      'run.sh': [strToU8('x'), { os: 3, attrs: 0o100755 << 16 }],
      'notes.txt': [strToU8('y'), { comment: 'a comment' }],
    },
    { comment: 'of the archive' },
  );
  expect([...readModes(archive)]).toEqual([
    ['run.sh', 0o755],
    ['notes.txt', 0],
  ]);
  expect(readModes(strToU8('no archive'))).toEqual(new Map());
});

function newBuild(request: object): Build {
  return createBuild({
    project: {
      name: 'p',
      source: { type: 'NO_SOURCE', buildspec: 'text' },
      environment: {
        type: 'LINUX_CONTAINER',
        image: 'image',
        computeType: 'BUILD_GENERAL1_SMALL',
        environmentVariables: [
          { name: 'A', value: 'project', type: 'PLAINTEXT' },
          { name: 'B', value: 'project', type: 'PLAINTEXT' },
        ],
        privilegedMode: false,
      },
      serviceRole: 'role',
      timeoutInMinutes: 60,
      queuedTimeoutInMinutes: 480,
    },
    request: parseStartBuild({
      projectName: 'p',
      environmentVariablesOverride: [{ name: 'A', value: 'override' }],
      ...request,
    }),
    buildNumber: 1,
    stateDir: '/state',
    region: 'us-east-1',
    now: 100,
  });
}
