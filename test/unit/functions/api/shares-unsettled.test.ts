import { describe, expect, test } from 'vitest';
import type { ErrorId } from '../../../../shared/domain/triage/catalogue.ts';
import { keys } from '../../../../shared/store/keys.ts';
import type { Write } from '../../../../shared/store/write.ts';
import { runningRun } from '../../../support/builders.ts';
import { never } from '../../../support/fake-platform.ts';
import { containing } from '../../../support/matchers.ts';
import { refuse, sharedWorld as world } from '../../../support/shared-image.ts';
import { snapshot } from '../../shared/packer/fixtures.ts';

describe('what nobody knows is shown as that', () => {
  test.each<[string, () => Promise<void>]>([
    ['is unreachable', refuse('platform-unreachable')],
    ['has a fault of its own', refuse('platform-fault')],
    ['says something that nobody understands', refuse('unclassified')],
    ['does not answer', never],
    ['breaks our own code', () => Promise.reject(new TypeError('oops'))],
  ])('when the platform %s the share stays visible, and is settled by asking again', async (_, next) => {
    const { api, share, aws, states } = await world();
    api.parts.shareLimitMs = 20;
    aws.state.next = next;
    expect((await share()).status).toBeGreaterThanOrEqual(409);
    expect(await states()).toEqual(['210987654321 sharing']);
    delete aws.state.next;
    expect(await share()).toMatchObject({ status: 200, body: { state: 'shared' } });
    expect([await states(), aws.allowed.size]).toEqual([['210987654321 shared'], 1]);
  });

  test('when we break after the platform has done it: it can be seen and taken back', async () => {
    const { api, share, aws, states, list, remove } = await world();
    api.core.beforeWrite = (writes) => {
      if (writes.some((write) => 'update' in write && write.set?.['state'] === 'shared'))
        throw new Error('the end');
    };
    expect((await share()).status).toBe(500);
    api.core.beforeWrite = () => {};
    expect([aws.allowed.size, await states()]).toEqual([1, ['210987654321 sharing']]);
    expect((await remove((await list()).items[0]?.id ?? '')).status).toBe(204);
    expect([aws.allowed.size, await states()]).toEqual([0, []]);
  });

  test('a refusal of the second try does not hide what the first may have done', async () => {
    const { share, aws, states } = await world();
    aws.state.next = refuse('platform-unreachable');
    await share();
    aws.state.next = refuse('permission-denied');
    expect((await share()).status).toBe(409);
    expect(await states()).toEqual(['210987654321 sharing']);
  });

  test('what the platform did half before it refused is taken back', async () => {
    const { share, aws, states } = await world();
    aws.state.after = refuse('permission-denied');
    expect((await share()).status).toBe(409);
    expect([aws.allowed.size, await states()]).toEqual([0, []]);
    expect(aws.calls.map((call) => call.split(' ')[0])).toEqual(['share', 'unshare']);
  });

  test('what the platform did half, and cannot be asked to take back, stays visible', async () => {
    const { share, aws, states } = await world();
    const answers = [refuse('permission-denied'), refuse('platform-unreachable')];
    aws.state.after = () => answers.shift()?.() ?? Promise.resolve();
    expect((await share()).status).toBe(409);
    expect(await states()).toEqual(['210987654321 sharing']);
  });

  test.each(['image-not-shareable', 'role-not-assumable'] as const)(
    'after %s nothing is taken back: somebody may have shared it in the account itself',
    async (errorId) => {
      const { share, aws } = await world();
      aws.allowed.add('eu-west-1 210987654321');
      aws.state.next = refuse(errorId);
      await share();
      expect([aws.allowed.size, aws.calls.length]).toEqual([1, 1]);
    },
  );

  test('a refusal of what is shared already leaves it shared', async () => {
    const { made, share, aws, states } = await world();
    await made();
    aws.state.next = refuse('permission-denied');
    expect((await share()).status).toBe(409);
    expect(await states()).toEqual(['210987654321 shared']);
  });
});

/** Holds back the first write that is of a kind until it is let go; others pass. */
const holding = (isHeld: (write: Write) => boolean) => {
  const [reached, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  const beforeWrite = async (writes: Write[]): Promise<void> => {
    if (!writes.some(isHeld) || (count += 1) > 1) return;
    reached.resolve();
    await letGo.promise;
  };
  return { beforeWrite, reached: reached.promise, letGo: letGo.resolve };
};
const settles = (write: Write) => 'update' in write && write.set?.['state'] === 'shared';
const removes = (write: Write) => 'delete' in write && write.delete.sk.startsWith('SHARE#');

describe('two at once who want the opposite', () => {
  test('a share that is made again before the one who takes it back says so is taken back once more', async () => {
    const { api, made, share, remove, aws, states } = await world();
    const { id } = await made();
    const held = holding(removes);
    api.core.beforeWrite = held.beforeWrite;
    const removing = remove(id);
    await held.reached;
    expect(await share()).toMatchObject({ status: 200, body: { state: 'shared' } });
    held.letGo();
    expect((await removing).status).toBe(204);
    expect([aws.allowed.size, await states()]).toEqual([0, []]);
  });

  test('a share that is taken back before the one who makes it says so is made once more', async () => {
    const { api, share, list, remove, aws, states } = await world();
    const held = holding(settles);
    api.core.beforeWrite = held.beforeWrite;
    const sharing = share();
    await held.reached;
    const { items } = await list();
    aws.state.after = refuse('platform-unreachable');
    expect((await remove(items[0]?.id ?? '')).status).toBe(409);
    expect([aws.allowed.size, await states()]).toEqual([0, ['210987654321 unsharing']]);
    delete aws.state.after;
    held.letGo();
    expect((await sharing).status).toBe(200);
    expect([aws.allowed.size, await states()]).toEqual([1, ['210987654321 shared']]);
  });
});

describe('taking back', () => {
  test('twice is harmless: the second time there is nothing any more', async () => {
    const { made, remove, aws } = await world();
    const { id } = await made();
    const both = await Promise.all([remove(id), remove(id)]);
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([204, 404]));
    expect((await remove(id)).status).toBe(404);
    expect(aws.allowed.size).toBe(0);
  });

  test.each<[ErrorId, string]>([
    ['permission-denied', 'shared'],
    ['platform-unreachable', 'unsharing'],
  ])('that the platform answers with %s leaves the share as %s', async (errorId, state) => {
    const { made, remove, aws, states } = await world();
    const { id } = await made();
    aws.state.next = refuse(errorId);
    expect(await remove(id)).toMatchObject({ status: 409, body: { code: 'platform-refused' } });
    expect(await states()).toEqual([`210987654321 ${state}`]);
    delete aws.state.next;
    expect((await remove(id)).status).toBe(204);
    expect([aws.allowed.size, await states()]).toEqual([0, []]);
  });

  test('of an image that the platform does not have any more is done', async () => {
    const { made, remove, aws, states } = await world();
    const { id } = await made();
    aws.state.next = refuse('base-image-not-found');
    expect((await remove(id)).status).toBe(204);
    expect(await states()).toEqual([]);
  });

  test('of an image that was deleted asks nobody', async () => {
    const { api, version, made, remove, aws, states } = await world();
    const { id } = await made();
    const key = keys.imageVersion(api.scope, version.id);
    await api.core.write([{ update: key, set: { state: 'deleted' } }]);
    expect((await remove(id)).status).toBe(204);
    expect([aws.calls.length, await states()]).toEqual([1, []]);
  });
});

describe('taking back without the connection, which is gone', () => {
  const gone = async () => {
    const all = await world();
    const { id } = await all.made();
    await all.api.definitions.ask('DELETE', `/connections/${all.connection.id}`);
    return { ...all, id };
  };

  test('says first what stays in force and where; then it removes the record alone, and leaves that on record', async () => {
    const { id, remove, states, aws, events } = await gone();
    expect(await remove(id)).toMatchObject({
      status: 409,
      body: {
        code: 'connection-gone',
        detail: containing(
          'In eu-west-1 ami-eu-west-1 of the account 123456789012 may still be used by the account 210987654321',
        ),
      },
    });
    expect(await states()).toEqual(['210987654321 unsharing']);
    expect(await remove(id)).toMatchObject({ status: 204, body: '' });
    expect([await states(), aws.allowed.size]).toEqual([[], 1]);
    expect((await events())[0]).toMatchObject({
      action: 'delete',
      entity: { id },
      before: { region: 'eu-west-1' },
      after: { staysInForce: containing('ami-eu-west-1') },
    });
    expect((await remove(id)).status).toBe(404);
  });

  test('removes nothing for two who ask at the same moment: neither has read what stays', async () => {
    const { id, remove, states } = await gone();
    const both = await Promise.all([remove(id), remove(id)]);
    expect(both.map(({ status }) => status)).toEqual([409, 409]);
    expect(await states()).toEqual(['210987654321 unsharing']);
  });

  test('asks nobody and says nothing where the image is deleted: nobody can use it any more', async () => {
    const { api, version, id, remove, states } = await gone();
    await api.core.write([{ update: keys.imageVersion(api.scope, version.id), set: { state: 'deleted' } }]);
    expect((await remove(id)).status).toBe(204);
    expect(await states()).toEqual([]);
  });
});

describe('a version of the first release, which does not say its connection', () => {
  test('is shared by that of its run as it is now', async () => {
    const { api, aws, connection, share, version } = await world({ connectionId: undefined });
    const run = runningRun({ id: version.runId, workspaceId: api.workspaceId, snapshotSha256: 'snapshot-1' });
    await api.core.write([{ put: { ...keys.run(api.scope, run.id), row: 'run', ...run } }]);
    const began = snapshot();
    api.runFiles.snapshots.set('snapshot-1', {
      ...began,
      connection: { ...began.connection, id: connection.id },
    });
    expect((await share()).status).toBe(201);
    expect(aws.allowed.size).toBe(1);
  });

  test('cannot be shared when its run is deleted: nobody knows whose account it is', async () => {
    const { share } = await world({ connectionId: undefined });
    expect(await share()).toMatchObject({ status: 409, body: { code: 'connection-gone' } });
  });
});
