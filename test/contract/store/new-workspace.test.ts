import { afterAll, beforeAll, expect, test } from 'vitest';
import { furnishWorkspace } from '../../../shared/actions/furnish-workspace.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { EntityRefused, entityStore } from '../../../shared/store/entity-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import { TooContended } from '../../../shared/store/too-contended.ts';
import { scopeTo, type WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../shared/store/workspace-store.ts';
import type { Write } from '../../../shared/store/write.ts';
import { at, base, ulid } from '../../support/builders.ts';
import { allOf } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
beforeAll(async () => {
  emulated = await startTables();
  core = emulated.core;
});
afterAll(() => emulated.stop());

const maker = { newId, createdBy: 'user-1', createdAt: at(0) };
const freshScope = () => scopeTo(newId('workspace'));
const rowsOf = (scope: WorkspaceScope) => core.query({ pk: `WS#${scope.workspaceId}`, prefix: '' });
const done = () => Promise.resolve();

test('a new workspace is furnished in the table, with sets of who refers to whom (S38)', async () => {
  const scope = freshScope();
  await furnishWorkspace(core, scope, maker, done);
  const entities = entityStore(core, scope);
  const [builder] = await allOf(core, scope, 'builder-configuration');
  const connections = await allOf(core, scope, 'connection');
  const connection = connections.find(({ id }) => id === builder?.['connectionId']);
  expect(connection).toMatchObject({ platform: 'qemu', rev: 1, schemaVersion: 1, createdBy: 'user-1' });
  const users = await entities.users('connection', String(connection?.['id']));
  expect(users).toContain(builder?.['id']);
  const item = { ...connection, id: String(connection?.['id']), name: 'Example: QEMU', rev: 1 };
  const removed = entities.remove('connection', item, []);
  await expect(removed).rejects.toThrow(EntityRefused);
});

test('a refusal takes everything back', async () => {
  const scope = freshScope();
  const refused = () => Promise.reject(new WriteRefused([0]));
  await expect(furnishWorkspace(core, scope, maker, refused)).rejects.toThrow(WriteRefused);
  expect(await rowsOf(scope)).toEqual([]);
});

test.each([new Error('no room'), new TooContended(undefined)])(
  'an error that leaves no workspace takes everything back: %s',
  async (error) => {
    const scope = freshScope();
    const failing = async () => {
      throw error;
    };
    await expect(furnishWorkspace(core, scope, maker, failing)).rejects.toBe(error);
    expect(await rowsOf(scope)).toEqual([]);
  },
);

test('a lost answer keeps the samples of the workspace that is there', async () => {
  const scope = freshScope();
  const workspace = { ...base(scope.workspaceId, 'Team'), maxConcurrentRuns: 5 };
  const unknown = async () => {
    await workspaceStore(core).create(workspace, { id: 'user-1' }, []);
    throw new Error('the answer was lost');
  };
  await expect(furnishWorkspace(core, scope, maker, unknown)).rejects.toThrow('the answer was lost');
  expect((await rowsOf(scope)).length).toBeGreaterThan(90);
});

test('samples that were written although the answer was lost are taken back', async () => {
  const scope = freshScope();
  let count = 0;
  const table = {
    ...core,
    write: async (writes: Write[]) => {
      await core.write(writes);
      count += 1;
      if (count === 1) throw new Error('the answer was lost');
    },
  };
  await expect(furnishWorkspace(table, scope, maker, done)).rejects.toThrow('the answer was lost');
  expect(await rowsOf(scope)).toEqual([]);
});

test('of all or nothing: when one row is in the way none is written', async () => {
  const scope = freshScope();
  const pk = `WS#${scope.workspaceId}`;
  const first = {
    pk,
    sk: 'NAME#connection#example: aws account',
    row: 'name' as const,
    entityId: `con_${ulid('1')}`,
  };
  await core.write([{ put: first }]);
  await expect(furnishWorkspace(core, scope, maker, done)).rejects.toThrow(WriteRefused);
  expect(await rowsOf(scope)).toHaveLength(1);
});
