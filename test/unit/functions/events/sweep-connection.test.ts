import { describe, expect, test } from 'vitest';
import { sweepConnection } from '../../../../functions/events/remove-leftovers/sweep-connection.ts';
import type { ImageVersion } from '../../../../shared/contracts/entities/image-version.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { type Owner, PlatformError, type TaggedResource } from '../../../../shared/platforms/platform.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { imageVersionStore, recordImageVersion } from '../../../../shared/store/image-version-store.ts';
import { leftoverStore, recordLeftovers } from '../../../../shared/store/leftover-store.ts';
import { sweepStore } from '../../../../shared/store/sweep-store.ts';
import { at, runningRun, ulid, workspaceId } from '../../../support/builders.ts';
import { putRun, readRun, scope } from '../../../support/engine.ts';
import { fakeAccount } from '../../../support/fake-platform.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { storedConnection } from '../../../support/stored-entities.ts';
import { bundle, onRecord } from '../../../support/tidying.ts';

const DAY = 86_400;
const NOW = 30 * DAY;
const connection = storedConnection('aws role');
const idOf = (end: string) => `run_${ulid(end)}`;

type Thing = { runId: string; kind: string; isImage?: boolean; owner?: Owner };
const owner = { deploymentId: 'test', workspaceId };

/** An account of the connection, and Goldsmith's own rows beside it. */
const account = async (things: Thing[] = []) => {
  const core = memoryTable();
  const there = new Set(things);
  const images = new Set<string>();
  const asked: { owner: Owner; regions: string[] }[] = [];
  const world = { isAway: false, stuck: '', hasInventory: true, second: NOW };
  const inventory = {
    findTagged: async (of: Owner, regions: string[]): Promise<TaggedResource[]> => {
      if (world.isAway) throw new PlatformError('platform-unreachable', 'Nobody answers.');
      asked.push({ owner: of, regions });
      return [...there].map((thing) => ({
        kind: thing.kind,
        locator: `eu-west-1/${thing.kind}-${thing.runId.slice(-2)}`,
        runId: thing.runId,
        isImage: thing.isImage ?? false,
        remove: async () => {
          if (world.stuck === thing.kind) throw new PlatformError('unclassified', 'It is in use.');
          there.delete(thing);
        },
      }));
    },
    locate: async (locators: ImageVersion['locators']) => {
      if (world.isAway) throw new PlatformError('platform-unreachable', 'Nobody answers.');
      return locators.filter((one) => 'amiId' in one && images.has(one.amiId));
    },
  };
  await entityStore(core, scope).create('connection', connection, [], []);
  await sweepStore(core).plan(scope, {
    connectionId: connection.id,
    regions: ['eu-west-1'],
    dueAt: at(DAY),
  });
  const engine = {
    core,
    newId,
    deploymentId: 'test',
    now: () => at(world.second),
    open: async () => (world.hasInventory ? fakeAccount({ inventory }) : undefined),
  };
  const sweep = (hasTime?: () => boolean) => sweepConnection(engine, scope, connection.id, hasTime);
  const left = () => [...there].map(({ kind, runId }) => `${kind} ${runId.slice(-2)}`);
  const dueAt = async () => (await sweepStore(core).get(scope, connection.id))?.dueAt;
  const put = (end: string, fields: Partial<StoredRun>) =>
    putRun(core, runningRun({ id: idOf(end), bundle, endedAt: at(60), ...fields }));
  return { core, world, images, asked, sweep, left, dueAt, put };
};

const versionOf = (end: string, fields: Partial<ImageVersion> = {}): ImageVersion => ({
  id: `ver_${ulid(end)}`,
  number: 1,
  name: 'Web-Base-v1',
  imageDefinitionId: `def_${ulid('D')}`,
  runId: idOf(end),
  state: 'available',
  locators: [
    { role: 'primary', region: 'eu-west-1', accountId: '1', amiId: `ami-${end}`, amiName: 'Web-Base-v1' },
  ],
  connectionId: connection.id,
  toolchain: {},
  createdAt: at(60),
  ...fields,
});

describe('the daily sweep of an account (N1)', () => {
  test('deletes what a run lost sight of left, and nothing of a run that goes on (S48, S49)', async () => {
    const { sweep, left, put, asked, dueAt } = await account([
      { runId: idOf('F1'), kind: 'ec2-volume' },
      { runId: idOf('F1'), kind: 'ec2-image', isImage: true },
      { runId: idOf('A1'), kind: 'ec2-instance' },
      { runId: idOf('K1'), kind: 'ec2-instance' },
      { runId: idOf('S1'), kind: 'ec2-key-pair' },
      { runId: idOf('S1'), kind: 'ec2-image', isImage: true },
      { runId: 'nightly', kind: 'ec2-instance' },
    ]);
    await put('F1', { status: 'Failed', sweptAt: at(90) });
    await put('A1', { endedAt: undefined });
    await put('S1', { status: 'Succeeded' });
    await sweep();
    expect(asked).toEqual([{ owner, regions: ['eu-west-1'] }]);
    expect(left()).toEqual(['ec2-instance A1', 'ec2-image S1', 'ec2-instance ly']);
    expect(await dueAt()).toBe(at(NOW + DAY));
  });

  test('never deletes the image of a version, whatever became of its run, nor one of a run that nobody knows', async () => {
    const { core, sweep, left, put } = await account(
      ['D1', 'D2', 'F2', 'S2'].map((end) => ({ runId: idOf(end), kind: 'ec2-image', isImage: true })),
    );
    await put('F2', { status: 'Failed', sweptAt: at(90) });
    await put('S2', { status: 'Succeeded' });
    for (const end of ['D1', 'F2']) await core.write(recordImageVersion(scope, versionOf(end)));
    await sweep();
    expect(left()).toEqual(['ec2-image D1', 'ec2-image D2', 'ec2-image F2', 'ec2-image S2']);
  });

  test('puts on record what a stopped run left, so that people are told, and deletes nothing of it (S82, S84)', async () => {
    const { core, sweep, left, put } = await account([
      { runId: idOf('T1'), kind: 'ec2-instance' },
      { runId: idOf('T1'), kind: 'ec2-image', isImage: true },
    ]);
    const run = await put('T1', { status: 'Stopped', leftoverCount: 1, lookedAgainAt: at(700) });
    const known = onRecord(['ec2-instance']).map((one) => ({ ...one, locator: 'eu-west-1/ec2-instance-T1' }));
    await core.write(recordLeftovers(scope, run.id, known));
    await sweep();
    await sweep();
    expect(left()).toHaveLength(2);
    const ledger = await leftoverStore(core, scope).list(run.id);
    expect(ledger.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'ec2-instance kept',
      'ec2-image kept',
    ]);
    expect((await readRun(core, run.id)).leftoverCount).toBe(2);
  });

  test('deletes what a run left that was given up, and says so in its record', async () => {
    const { core, sweep, left, put } = await account([{ runId: idOf('F3'), kind: 'ec2-volume' }]);
    const run = await put('F3', { status: 'Failed', sweepGivenUpAt: at(DAY), leftoverCount: 1 });
    const known = onRecord(['ec2-volume']).map((one) => ({ ...one, locator: 'eu-west-1/ec2-volume-F3' }));
    await core.write(recordLeftovers(scope, run.id, known));
    await sweep();
    expect(left()).toEqual([]);
    expect(await leftoverStore(core, scope).list(run.id)).toMatchObject([{ state: 'deleted' }]);
    expect((await readRun(core, run.id)).leftoverCount).toBe(0);
  });

  test('puts on record what it could not delete, with the reason, and goes on with the rest', async () => {
    const { core, world, sweep, left, put } = await account([
      { runId: idOf('F4'), kind: 'ec2-volume' },
      { runId: idOf('F4'), kind: 'ec2-key-pair' },
    ]);
    const run = await put('F4', { status: 'Failed', sweptAt: at(90) });
    world.stuck = 'ec2-volume';
    await sweep();
    expect(left()).toEqual(['ec2-volume F4']);
    expect(await leftoverStore(core, scope).list(run.id)).toMatchObject([
      { kind: 'ec2-volume', state: 'kept', detail: 'It is in use.' },
    ]);
  });

  test('goes on ten minutes later when there was no time for all', async () => {
    const { sweep, left, put, dueAt } = await account([
      { runId: idOf('F5'), kind: 'ec2-volume' },
      { runId: idOf('F5'), kind: 'ec2-key-pair' },
    ]);
    await put('F5', { status: 'Failed', sweptAt: at(90) });
    let looks = 0;
    await sweep(() => (looks += 1) === 1);
    expect(left()).toEqual(['ec2-key-pair F5']);
    expect(await dueAt()).toBe(at(NOW + 600));
  });

  test('is put off by a platform that does not answer, and nothing changes', async () => {
    const { core, world, sweep, dueAt } = await account();
    await core.write(recordImageVersion(scope, versionOf('V1')));
    world.isAway = true;
    await expect(sweep()).rejects.toThrow('Nobody answers');
    expect(await dueAt()).toBe(at(DAY));
    expect(await imageVersionStore(core, scope).get(versionOf('V1').id)).toMatchObject({
      state: 'available',
    });
  });

  test('ends with its connection, and where only a connector has a way', async () => {
    const gone = await account();
    await gone.core.write([
      { delete: { pk: `WS#${workspaceId}`, sk: `ENTITY#connection#${connection.id}` } },
    ]);
    const remote = await account();
    remote.world.hasInventory = false;
    for (const { sweep, dueAt, asked } of [gone, remote]) {
      await sweep();
      expect([await dueAt(), asked]).toEqual([undefined, []]);
    }
  });
});

describe('images that are gone (F45)', () => {
  const states = async (core: Awaited<ReturnType<typeof account>>['core'], ...ends: string[]) => {
    const store = imageVersionStore(core, scope);
    return Promise.all(ends.map(async (end) => (await store.get(versionOf(end).id))?.state));
  };

  test('make their version missing; one that is there again makes it available', async () => {
    const { core, images, sweep } = await account();
    for (const end of ['V1', 'V2']) await core.write(recordImageVersion(scope, versionOf(end)));
    images.add('ami-V1');
    await sweep();
    expect(await states(core, 'V1', 'V2')).toEqual(['available', 'missing']);
    expect(await imageVersionStore(core, scope).get(versionOf('V2').id)).toMatchObject({ rev: 2 });
    images.add('ami-V2');
    await sweep();
    expect(await states(core, 'V1', 'V2')).toEqual(['available', 'available']);
  });

  test('were deprecated and are found again: their version is deprecated again, also the second time', async () => {
    const { core, images, sweep } = await account();
    await core.write(recordImageVersion(scope, versionOf('V1', { state: 'deprecated' })));
    const seen: unknown[] = [];
    for (const isThere of [false, false, true, false, true]) {
      if (isThere) images.add('ami-V1');
      else images.delete('ami-V1');
      await sweep();
      seen.push(...(await states(core, 'V1')));
    }
    expect(seen).toEqual(['missing', 'missing', 'deprecated', 'missing', 'deprecated']);
    const found = await imageVersionStore(core, scope).get(versionOf('V1').id);
    expect(found?.stateWhenFound).toBeUndefined();
  });

  test('say nothing of versions of other connections, nor of those that somebody revoked or deleted', async () => {
    const { core, sweep } = await account();
    const others = { connectionId: `con_${ulid('X')}` };
    await core.write(recordImageVersion(scope, versionOf('V1', others)));
    await core.write(recordImageVersion(scope, versionOf('V2', { state: 'revoked' })));
    await core.write(recordImageVersion(scope, versionOf('V3', { state: 'deleted' })));
    await core.write(recordImageVersion(scope, versionOf('V4', { state: 'deprecated' })));
    await sweep();
    expect(await states(core, 'V1', 'V2', 'V3', 'V4')).toEqual([
      'available',
      'revoked',
      'deleted',
      'missing',
    ]);
  });

  test('are looked for two hundred at a time, all in turn', async () => {
    const { core, sweep } = await account();
    const ends = Array.from({ length: 201 }, (_, n) => `V${String(n).padStart(3, '0')}`);
    for (const end of ends) await core.write(recordImageVersion(scope, versionOf(end)));
    await sweep();
    expect((await states(core, ...ends)).filter((state) => state === 'missing')).toHaveLength(200);
    expect(await states(core, 'V200')).toEqual(['available']);
    await sweep();
    expect(await states(core, 'V200')).toEqual(['missing']);
  });
});
