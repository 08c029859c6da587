import { describe, expect, test } from 'vitest';
import { finishRun } from '../../../../shared/actions/finish-run.ts';
import type { ConnectionStored } from '../../../../shared/contracts/entities/connection.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { at, failure, runningRun } from '../../../support/builders.ts';
import { memoryEngine, putRun, readLog, scope } from '../../../support/engine.ts';
import { snapshot } from '../packer/fixtures.ts';

/** What a run that was let in no more says of its connection (F25). */

const then = snapshot().connection;
const refusal = failure({
  errorId: 'credentials-invalid',
  message: 'AuthFailure.',
  remedy: 'Look at the keys.',
});
const otherRole = { type: 'role' as const, roleArn: 'arn:aws:iam::123456789012:role/another' };
const replaced = { ...then, settings: { ...then.settings, auth: otherRole }, updatedAt: at(65) };

/** The end of a run that failed so, while its connection is as `now` says. */
const end = async (now: ConnectionStored | undefined, failed = refusal) => {
  const { engine, core, traffic } = memoryEngine();
  const files = { ...engine.files, getSnapshot: async () => snapshot() };
  if (now !== undefined) await entityStore(core, scope).create('connection', now, [], []);
  const run = await putRun(core, runningRun({ verdict: { outcome: 'failed', failure: failed } }));
  const ended = await finishRun({ ...engine, files }, scope, run, { outcome: 'stopped' });
  const [line] = await readLog(traffic, run.id);
  return { failure: ended.failure, said: line?.text };
};

describe('a run whose credentials are refused (F25)', () => {
  test.each(['credentials-invalid', 'role-not-assumable', 'account-disabled', 'permission-denied'])(
    'as %s says that its connection was changed after it began, when, and to run again',
    async (errorId) => {
      const told = await end(replaced, { ...refusal, errorId });
      expect(told.failure).toMatchObject({
        errorId,
        message: `AuthFailure. The connection ${then.name} was changed at 2026-01-02 03:05 UTC, after this run began.`,
        remedy: 'Run again: a new run uses the connection as it is now. Look at the keys.',
      });
      expect(told.said).toContain('was changed at 2026-01-02 03:05 UTC');
      expect(told.said).toContain('Run again: a new run uses');
    },
  );

  test.each<[string, ConnectionStored | undefined]>([
    ['is as it was', then],
    ['has another description only', { ...then, description: 'of the team', updatedAt: at(65), rev: 2 }],
    ['is gone', undefined],
  ])('says no more than that when its connection %s', async (_, now) => {
    expect((await end(now)).failure).toMatchObject({ message: 'AuthFailure.', remedy: 'Look at the keys.' });
  });

  test('for another reason than its credentials says nothing of the connection', async () => {
    const told = await end(replaced, { ...refusal, errorId: 'script-failed' });
    expect(told.failure?.message).toBe('AuthFailure.');
  });

  test('ends also when its snapshot cannot be read', async () => {
    const { engine, core } = memoryEngine();
    const run = await putRun(core, runningRun({ verdict: { outcome: 'failed', failure: refusal } }));
    const ended = await finishRun(engine, scope, run, { outcome: 'stopped' });
    expect(ended).toMatchObject({ status: 'Failed', failure: { message: 'AuthFailure.' } });
  });
});
