import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeLedger, countKinds, leftoverOf } from '../../../shared/actions/leftover-ledger.ts';
import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { imageVersionStore, recordImageVersion } from '../../../shared/store/image-version-store.ts';
import { leftoverStore } from '../../../shared/store/leftover-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { sweepStore } from '../../../shared/store/sweep-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import { at } from '../../support/builders.ts';
import { createRun, freshScope, putDefinition } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
beforeAll(async () => {
  emulated = await startTables();
  ({ core } = emulated);
});
afterAll(() => emulated.stop());

describe('accounts to sweep', () => {
  test('are planned once, gain regions, come due, are put off and forgotten (N1)', async () => {
    const scope = freshScope();
    const connectionId = newId('connection');
    const sweeps = sweepStore(core);
    const plan = (second: number, ...regions: string[]) =>
      sweeps.plan(scope, { connectionId, regions, dueAt: at(second) });
    await Promise.all([plan(1, 'eu-west-1'), plan(1, 'eu-west-1')]);
    await plan(9, 'eu-west-1', 'us-east-1');
    await plan(9);
    const planned = await sweeps.get(scope, connectionId);
    expect(planned).toMatchObject({ workspaceId: scope.workspaceId, connectionId, dueAt: at(1) });
    expect(new Set(planned?.regions)).toEqual(new Set(['eu-west-1', 'us-east-1']));
    const isDue = async (second: number) =>
      (await sweeps.due(at(second), 100)).some((one) => one.connectionId === connectionId);
    expect([await isDue(0), await isDue(1)]).toEqual([false, true]);
    await sweeps.putOff(scope, connectionId, { dueAt: at(50), checkedUpTo: 'ver_1' });
    expect([await isDue(49), await isDue(50)]).toEqual([false, true]);
    expect(await sweeps.get(scope, connectionId)).toMatchObject({ checkedUpTo: 'ver_1' });
    await sweeps.forget(scope, connectionId);
    expect(await sweeps.get(scope, connectionId)).toBeUndefined();
    await expect(sweeps.putOff(scope, connectionId, { dueAt: at(60) })).rejects.toThrow(WriteRefused);
  });

  test('are planned without a region where a platform has none', async () => {
    const scope = freshScope();
    const connectionId = newId('connection');
    await sweepStore(core).plan(scope, { connectionId, regions: [], dueAt: at(1) });
    expect((await sweepStore(core).get(scope, connectionId))?.regions).toEqual([]);
  });
});

test('the state of an image version changes from what was read, and is read back by its pages (S116)', async () => {
  const scope = freshScope();
  const store = imageVersionStore(core, scope);
  const imageDefinitionId = newId('image-definition');
  const version = (number: number): ImageVersion => ({
    id: newId('image-version'),
    number,
    name: `Web-Base-v${number}`,
    imageDefinitionId,
    runId: newId('run'),
    state: 'available',
    locators: [],
    toolchain: {},
    createdAt: at(0),
  });
  const [older, newer] = [version(1), version(2)];
  for (const one of [older, newer]) await core.write(recordImageVersion(scope, one));
  await store.setState(newer, { state: 'missing', stateWhenFound: 'deprecated' });
  await expect(store.setState(newer, { state: 'deleted' })).rejects.toThrow(WriteRefused);
  expect((await store.latestUsable(imageDefinitionId))?.number).toBe(1);
  const pages: ImageVersion[] = [];
  for await (const page of store.pages()) pages.push(...page);
  expect(pages.map(({ number, state, rev }) => [number, state, rev])).toEqual([
    [1, 'available', undefined],
    [2, 'missing', 2],
  ]);
  const missing = await store.get(newer.id);
  expect(missing?.stateWhenFound).toBe('deprecated');
  if (missing !== undefined) await store.setState(missing, { state: 'deprecated' });
  expect((await store.latestUsable(imageDefinitionId))?.stateWhenFound).toBeUndefined();
});

test('leftovers and their number are one write, however many they are and whoever else writes', async () => {
  const scope = freshScope();
  const definitionId = await putDefinition(core, scope);
  const { id } = await createRun(core, scope, definitionId);
  const maker = { newId, now: () => at(5) };
  const found = Array.from({ length: 130 }, (_, n) => ({ kind: 'ec2-volume', locator: `vol-${n}` }));
  const add = () =>
    changeLedger(core, scope, id, (_, ledger) => {
      const known = new Set(ledger.map(({ locator }) => locator));
      const fresh = found.filter(({ locator }) => !known.has(locator));
      return fresh.length === 0
        ? undefined
        : { add: fresh.map((one) => leftoverOf(maker, one, { state: 'kept', detail: 'in use' })) };
    });
  await Promise.all([add(), add()]);
  const ledger = await leftoverStore(core, scope).list(id);
  expect([ledger.length, countKinds(ledger)]).toEqual([130, { 'ec2-volume': 130 }]);
  const gone = await changeLedger(core, scope, id, (_, open) => {
    const left = open.filter(({ state }) => state !== 'deleted');
    return left.length === 0
      ? undefined
      : {
          restate: left.map((one) => ({
            ...one,
            state: 'deleted' as const,
            stateAt: at(6),
            detail: undefined,
          })),
        };
  });
  expect(gone.leftoverCount).toBe(0);
  expect((await leftoverStore(core, scope).list(id)).every(({ detail }) => detail === undefined)).toBe(true);
  expect((await runStore(core, scope).get(id))?.leftoverCount).toBe(0);
});
