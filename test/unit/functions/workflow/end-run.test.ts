import { describe, expect, test } from 'vitest';
import { endRun } from '../../../../functions/workflow/finish/end-run.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { at, lease, runningRun } from '../../../support/builders.ts';
import { memoryEngine, putRun, readRun } from '../../../support/engine.ts';

const claim = { tokenSha256: 'x', until: at(2000) };
const broken = { state: 'Build', error: 'Sandbox.Timedout' };

const finishing = async (fields: Partial<StoredRun>) => {
  const { engine, core } = memoryEngine();
  const run = await putRun(core, runningRun(fields));
  await endRun({ ...engine, pause: async () => {} }, { workspaceId: run.workspaceId, runId: run.id, broken });
  return readRun(core, run.id);
};

describe('a state of the workflow that broke', () => {
  test.each([
    ['a runner has the build', { claim, lease }],
    ['a runner is to have it', { claim }],
    ['the build is started again later', { startAgainAt: at(200) }],
  ])('leaves a run alone while %s: the reconciler ends it (F20)', async (_, fields) => {
    expect(await finishing(fields)).toMatchObject({ status: 'Running' });
  });

  test('fails a run that has no build, and names the state', async () => {
    const ended = await finishing({});
    expect(ended).toMatchObject({ status: 'Failed', failure: { errorId: 'workflow-lost' } });
    expect(ended.failure?.message).toMatch(/^Build broke off .*Sandbox/);
  });

  test('stops a run whose stop no runner has to carry out', async () => {
    expect(await finishing({ claim, stopRequestedAt: at(90) })).toMatchObject({ status: 'Stopped' });
  });

  test('carries out a verdict that was reached, and takes back why the run waited', async () => {
    const ended = await finishing({ claim, verdict: { outcome: 'stopped' }, statusReason: 'no room' });
    expect(ended.status).toBe('Stopped');
    expect([ended.statusReason, ended.claim]).toEqual([undefined, undefined]);
  });
});
