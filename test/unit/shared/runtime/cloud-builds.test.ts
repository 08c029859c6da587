import { CodeBuildClient, CodeBuildServiceException } from '@aws-sdk/client-codebuild';
import { describe, expect, test } from 'vitest';
import { BuildRefused, NoMoreBuilds, NoRoom } from '../../../../shared/actions/start-build.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { cloudBuilds, cloudBuildStarter } from '../../../../shared/runtime/cloud-builds.ts';
import { runningRun } from '../../../support/builders.ts';

/** CodeBuild whose every call is answered by `answer`; `asked` are the inputs. */
const codeBuild = (answer: (input: unknown) => unknown) => {
  const asked: unknown[] = [];
  const client = new CodeBuildClient({ region: 'us-east-1' });
  client.middlewareStack.add(
    () =>
      async ({ input }) => {
        asked.push(input);
        const output = await answer(input);
        return { response: {}, output: { $metadata: {}, ...(typeof output === 'object' ? output : {}) } };
      },
    { step: 'initialize' },
  );
  return { client, asked };
};

const where = {
  apiUrl: 'https://api',
  projectOf: (id: string) => (id === 'default' ? 'project-1' : undefined),
};
const refusal = (name: string, $fault: 'client' | 'server') =>
  new CodeBuildServiceException({ name, $fault, message: name, $metadata: {} });

describe('the start of a build in CodeBuild', () => {
  test('is in the project of the pool, ends 20 minutes after the run must, and carries nothing but the claim', async () => {
    const { client, asked } = codeBuild(() => ({ build: { id: 'build-1' } }));
    const run = runningRun({ timeoutSeconds: 301 });
    expect(await cloudBuildStarter(where, client)(run, 'token')).toEqual({ buildId: 'build-1' });
    expect(asked).toEqual([
      {
        projectName: 'project-1',
        idempotencyToken: sha256('token'),
        timeoutInMinutesOverride: 26,
        queuedTimeoutInMinutesOverride: 30,
        environmentVariablesOverride: [
          ['GOLDSMITH_API_URL', 'https://api'],
          ['GOLDSMITH_WORKSPACE_ID', run.workspaceId],
          ['GOLDSMITH_RUN_ID', run.id],
          ['GOLDSMITH_CLAIM_TOKEN', 'token'],
        ].map(([name, value]) => ({ name, value, type: 'PLAINTEXT' })),
      },
    ]);
  });

  test.each([
    ['AccountLimitExceededException', 'client', NoMoreBuilds],
    ['ThrottlingException', 'client', NoRoom],
    ['ResourceNotFoundException', 'client', BuildRefused],
    ['InvalidInputException', 'client', BuildRefused],
    ['InternalServerError', 'server', CodeBuildServiceException],
  ] as const)('that meets %s is told apart (F12–F14)', async (name, fault, meaning) => {
    const { client } = codeBuild(() => Promise.reject(refusal(name, fault)));
    await expect(cloudBuildStarter(where, client)(runningRun(), 'token')).rejects.toSatisfy(
      (error: Error) => error.constructor === meaning,
    );
  });

  test('in a pool that the deployment has no more is refused', async () => {
    const { client, asked } = codeBuild(() => ({}));
    const run = runningRun({ pool: { kind: 'cloud', id: 'gone' } });
    await expect(cloudBuildStarter(where, client)(run, 'token')).rejects.toBeInstanceOf(BuildRefused);
    expect(asked).toEqual([]);
  });
});

describe('what CodeBuild says of builds', () => {
  test('is how they ended, whether for want of room, or that they are unknown', async () => {
    const { client, asked } = codeBuild(() => ({
      builds: [
        { id: 'a', buildStatus: 'IN_PROGRESS' },
        { id: 'b', buildStatus: 'FAULT', phases: [{ phaseType: 'PROVISIONING', phaseStatus: 'FAULT' }] },
        { id: 'c', buildStatus: 'TIMED_OUT', phases: [{ phaseType: 'QUEUED', phaseStatus: 'TIMED_OUT' }] },
      ],
    }));
    const builds = cloudBuilds(client);
    await builds.load(['a', 'b', 'c', 'd']);
    expect(['a', 'b', 'c', 'd'].map(builds.ended)).toEqual([
      undefined,
      { status: 'FAULT', inQueue: false },
      { status: 'TIMED_OUT', inQueue: true },
      { status: 'gone', inQueue: false },
    ]);
    expect(asked).toHaveLength(1);
  });

  test('is asked for a hundred at a time', async () => {
    const { client, asked } = codeBuild(() => ({ builds: [] }));
    await cloudBuilds(client).load(Array.from({ length: 201 }, (_, at) => `build-${at}`));
    expect(asked).toHaveLength(3);
  });

  test('that it cannot tell at this moment is not that they are gone', async () => {
    const { client } = codeBuild(() => Promise.reject(refusal('ThrottlingException', 'client')));
    const builds = cloudBuilds(client);
    await expect(builds.load(['a'])).rejects.toThrow('ThrottlingException');
    expect(builds.ended('a')).toBeUndefined();
  });
});
