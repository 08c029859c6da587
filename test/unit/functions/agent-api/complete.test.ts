import { describe, expect, test } from 'vitest';
import { changeRun } from '../../../../shared/actions/change-run.ts';
import { finish } from '../../../../shared/domain/run/lifecycle.ts';
import { at } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { COMPLETION, runners } from './runners.ts';

describe('a completion', () => {
  test('is taken once and wakes the workflow; said again it is answered and changes nothing (F40)', async () => {
    const { hold, after, woken } = await runners();
    const { say } = await hold();
    const statuses = [];
    for (const body of [COMPLETION, COMPLETION, { ...COMPLETION, outcome: 'succeeded' }])
      statuses.push((await say('complete', body)).status);
    expect(statuses).toEqual([200, 200, 200]);
    expect(await after()).toMatchObject({ phase: 'verifying', completion: { outcome: 'failed' } });
    expect(woken).toEqual(['task-token']);
  });

  test('said again after the run has ended is answered, not carried out (F40)', async () => {
    const { engine, run, hold, after } = await runners();
    const { say } = await hold();
    await say('complete', COMPLETION);
    await changeRun(engine.core, scope, run.id, (current) => ({
      changes: finish(current, { outcome: 'stopped' }, at(300)),
    }));
    const { rev } = await after();
    expect((await say('complete', COMPLETION)).status).toBe(200);
    expect((await after()).rev).toBe(rev);
  });

  test('of a run that has ended without it comes too late', async () => {
    const { engine, run, hold } = await runners();
    const { say } = await hold();
    await changeRun(engine.core, scope, run.id, (current) => ({
      changes: finish(current, { outcome: 'stopped' }, at(300)),
    }));
    expect(await say('complete', COMPLETION)).toMatchObject({ status: 409, code: 'lease-lost' });
  });

  test('of a runner whose build is replaced at that very moment is refused: the new build goes on (F15)', async () => {
    const { engine, run, hold, after, woken } = await runners();
    const { say } = await hold();
    const { beforeWrite } = engine.core;
    engine.core.beforeWrite = async () => {
      engine.core.beforeWrite = beforeWrite;
      await changeRun(engine.core, scope, run.id, () => ({
        changes: { attempt: 2 },
        options: { remove: ['lease', 'claim'] },
      }));
    };
    expect((await say('complete', COMPLETION)).code).toBe('lease-lost');
    expect((await after()).completion).toBeUndefined();
    expect(woken).toEqual([]);
  });
});
