import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { logPageSchema } from '../../../shared/contracts/entities/log.ts';
import { connectionBody } from '../../support/bodies.ts';
import { makeWorkspace } from '../../integration/client.ts';
import { ordersOf } from './support/builds.ts';
import type { Fault } from './support/rules.ts';
import { type Accepted, makeBuildable, openStage, type Stage } from './support/stage.ts';

/** What goes wrong before a machine is made: nothing is built, and the run says why. */

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(['PrepareFunction', 'StartBuildFunction']);
});
afterEach(() => stage.settle());
afterAll(() => stage.close());

const denied: Fault = { kind: 'refuse', status: 403, code: 'AccessDenied' };
const kmsDenied: Fault = { kind: 'refuse', status: 400, code: 'AccessDeniedException' };

/** The failure of a run, the line that it points to, and that nothing was built. */
const failureOf = async (run: Accepted) => {
  const { status, failure } = await stage.ended(run);
  expect(status).toBe('Failed');
  expect(ordersOf(stage.cloud, run.runId)).toEqual([]);
  const page = await run.workspace.at('GET', `/runs/${run.runId}/log?order=oldest`);
  const { lines } = logPageSchema.parse(page.body);
  expect(lines.find(({ seq }) => seq === failure?.logSeq)?.level).toBe('error');
  return failure;
};

describe('a connection that does not hold any more', () => {
  test('F27 because the customer’s role lets nobody in fails the run before any build, in clear words', async () => {
    const place = await stage.furnish();
    const shut = stage.cloud.break({
      operation: 'AssumeRole',
      by: 'Prepare',
      times: Infinity,
      fault: denied,
    });
    const run = await stage.start(place);
    const failure = await failureOf(run);
    expect(failure).toMatchObject({ category: 'connection', errorId: 'role-not-assumable' });
    expect(shut.count()).toBeGreaterThan(0);
  });

  test('F26 because its secret cannot be opened fails the run before any build', async () => {
    const workspace = await makeWorkspace();
    const { id: definitionId, connectionId } = await makeBuildable(workspace);
    const { auth } = connectionBody().settings;
    const body = { settings: { auth: { ...auth, roleArn: null } } };
    const replaced = await workspace.at('PATCH', `/connections/${connectionId}`, { body });
    if (replaced.status !== 200) throw new Error(replaced.text);
    stage.cloud.break({ operation: 'Decrypt', by: 'Prepare', times: Infinity, fault: kmsDenied });
    const failure = await failureOf(await stage.start({ workspace, definitionId }));
    expect(failure).toMatchObject({ category: 'connection', errorId: 'credentials-invalid' });
    expect(failure?.message).toContain(`of the connection ${connectionId} cannot be opened any more`);
  });
});

test('F20 a Prepare that dies each time fails the run: nothing is built, nothing is held', async () => {
  const place = await stage.furnish();
  const dying = stage.cloud.break({
    operation: 'DescribeImages',
    by: 'Prepare',
    times: Infinity,
    fault: { kind: 'kill', moment: 'after' },
  });
  const failure = await failureOf(await stage.start(place));
  expect(failure?.category).toBe('platform');
  expect(dying.count()).toBeGreaterThan(0);
});

test('F44 a customer’s account that throttles at first is asked again, and the run is built', async () => {
  const place = await stage.furnish();
  const fault: Fault = { kind: 'refuse', status: 503, code: 'RequestLimitExceeded' };
  const busy = stage.cloud.break({ operation: 'DescribeImages', by: 'Prepare', times: 2, fault });
  const run = await stage.start(place);
  await stage.see('its build', run, ({ buildId }) => buildId !== undefined);
  expect(busy.count()).toBe(2);
  const answer = await run.workspace.at('POST', `/runs/${run.runId}/stop`);
  expect(answer.status).toBe(202);
  await stage.letPass(run);
  await stage.reconcile();
  expect((await stage.ended(run)).status).toBe('Stopped');
});
