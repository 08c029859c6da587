import { describe, expect, test } from 'vitest';
import { beginBuild } from '../../../../functions/workflow/start-build/begin-build.ts';
import type { BuildStarter } from '../../../../shared/actions/start-build.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { TooContended } from '../../../../shared/store/too-contended.ts';
import { at, runningRun } from '../../../support/builders.ts';
import { memoryEngine, putRun, readRun, scope } from '../../../support/engine.ts';

/** The Build state of a run, as its function is called by it. */
const entered = async (fields: Partial<StoredRun> = {}) => {
  const { core } = memoryEngine();
  const starter: BuildStarter = {
    core,
    now: () => at(100),
    newSecret: () => 'secret',
    startCloudBuild: async () => ({ buildId: 'build-1' }),
  };
  const { id: runId } = await putRun(core, runningRun({ phase: 'starting', ...fields }));
  const input = { workspaceId: scope.workspaceId, runId, taskToken: 'task-1' };
  return { starter, core, input, after: () => readRun(core, runId) };
};

const lost = () => Promise.reject(new Error('the connection was lost'));
const woken = (tokens: string[]) => async (token: string) => tokens.push(token);

describe('the state that waits for the build', () => {
  test('is answered at once when nothing is to be built any more (S43)', async () => {
    const tokens: string[] = [];
    const { starter, input } = await entered({ stopRequestedAt: at(50) });
    await beginBuild(starter, woken(tokens), input);
    expect(tokens).toEqual(['task-1']);
  });

  test('waits when nobody knows whether CodeBuild has the build: the reconciler goes on (F14)', async () => {
    const { starter, input, after } = await entered();
    await beginBuild({ ...starter, startCloudBuild: lost }, woken([]), input);
    expect(await after()).toMatchObject({ taskToken: 'task-1', startAgainAt: at(220) });
  });

  test('breaks when its token could not be left with the run: nobody could ever answer it (F20)', async () => {
    const { starter, core, input, after } = await entered();
    core.beforeWrite = () => {
      throw new TooContended(new Error('throttled'));
    };
    await expect(beginBuild(starter, woken([]), input)).rejects.toThrow(TooContended);
    expect((await after()).taskToken).toBeUndefined();
  });

  test('breaks when nothing is to be built and the answer to its token is lost', async () => {
    const { starter, input } = await entered({ stopRequestedAt: at(50) });
    await expect(beginBuild(starter, lost, input)).rejects.toThrow('the connection was lost');
  });
});
