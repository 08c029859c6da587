import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../shared/runtime/ids.ts';
import { CreateRefused, type EntityRef, entityStore, matches } from '../../../shared/store/entity-store.ts';
import { keys } from '../../../shared/store/keys.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { base } from '../../support/builders.ts';
import { freshScope } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
beforeAll(async () => {
  emulated = await startTables();
  core = emulated.core;
});
afterAll(() => emulated.stop());

const connection = (name: string) => ({ ...base(newId('connection'), name), platform: 'aws' });
const create = (scope: WorkspaceScope, entity: ReturnType<typeof connection>, references: EntityRef[] = []) =>
  entityStore(core, scope).create('connection', entity, references, []);
const rowsOf = (scope: WorkspaceScope) => core.query({ pk: `WS#${scope.workspaceId}`, prefix: '' });

describe('a create', () => {
  test('is read back as it was written (S5)', async () => {
    const scope = freshScope();
    const entity = {
      ...connection('Web'),
      tags: { a: 'b' },
      settings: { region: 'eu-west-1', list: [1, 2] },
    };
    await create(scope, entity);
    expect(await entityStore(core, scope).get('connection', entity.id)).toMatchObject(entity);
  });

  test('of one name by twenty at once has one winner; the others are told that the name is taken', async () => {
    const scope = freshScope();
    const names = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 'Web Account' : 'WEB account'));
    const results = await Promise.allSettled(names.map((name) => create(scope, connection(name))));
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    const refused = results.filter((one) => one.status === 'rejected');
    expect(refused.every(({ reason }) => reason instanceof CreateRefused && reason.nameTaken)).toBe(true);
    expect(await entityStore(core, scope).list('connection')).toHaveLength(1);
  });

  test.each([
    ['Größe', 'GRÖSSE', false],
    ['Größe', 'GRÖßE', true],
    ['cafe\u0301', 'CAFÉ', true],
    ['ﬁle', 'FILE', true],
    ['Web', 'Web2', false],
  ])('%s and %s clash: %s', async (one, other, isClash) => {
    const scope = freshScope();
    await create(scope, connection(one));
    const second = await create(scope, connection(other)).catch((error: unknown) => error);
    expect(second instanceof CreateRefused && second.nameTaken).toBe(isClash);
  });

  test('may use the name of another kind or workspace (S37)', async () => {
    const [one, other] = [freshScope(), freshScope()];
    await create(one, connection('Web'));
    await create(other, connection('Web'));
    const role = base(newId('provisioner-role'), 'Web');
    await entityStore(core, one).create('provisioner-role', role, [], []);
    expect(await entityStore(core, one).list('provisioner-role')).toHaveLength(1);
  });

  test('that refers to what is deleted at the same moment is refused and stores nothing (S1, S2)', async () => {
    const scope = freshScope();
    const there = connection('there');
    await create(scope, there);
    const before = await rowsOf(scope);
    const gone: EntityRef = { kind: 'connection', id: newId('connection') };
    const error = await create(scope, connection('new'), [{ kind: 'connection', id: there.id }, gone]).catch(
      (refusal: unknown) => refusal,
    );
    expect(error).toMatchObject({ nameTaken: false, missing: [gone] });
    expect(await rowsOf(scope)).toEqual(before);
  });

  test('either sees what it refers to or leaves no reference behind, whoever is faster', async () => {
    const scope = freshScope();
    for (let round = 0; round < 10; round += 1) {
      const target = connection(`target ${round}`);
      await create(scope, target);
      const user = connection(`user ${round}`);
      const to: EntityRef = { kind: 'connection', id: target.id };
      const reference = keys.reference(scope, to, { kind: 'connection', id: user.id });
      await Promise.allSettled([
        create(scope, user, [to]),
        core.write([
          { delete: keys.entity(scope, 'connection', target.id) },
          { check: reference, if: { exists: false } },
        ]),
      ]);
      const [targetRow, userRow, referenceRow] = [
        await core.get(keys.entity(scope, 'connection', target.id)),
        await core.get(keys.entity(scope, 'connection', user.id)),
        await core.get(reference),
      ];
      expect(targetRow === undefined).toBe(userRow === undefined);
      expect(referenceRow === undefined).toBe(userRow === undefined);
    }
  });

  test('that refers to the same thing twice is one reference', async () => {
    const scope = freshScope();
    const target = connection('target');
    await create(scope, target);
    const to: EntityRef = { kind: 'connection', id: target.id };
    await create(scope, connection('user'), [to, to]);
    const references = (await rowsOf(scope)).filter((row) => row['row'] === 'reference');
    expect(references).toEqual([expect.objectContaining({ fromName: 'user' })]);
  });

  test('with thirty references is one transaction', async () => {
    const scope = freshScope();
    const targets = Array.from({ length: 30 }, (_, n) => connection(`target ${n}`));
    for (const target of targets) await create(scope, target);
    const references = targets.map(({ id }): EntityRef => ({ kind: 'connection', id }));
    await create(scope, connection('user'), references);
    expect((await rowsOf(scope)).filter((row) => row['row'] === 'reference')).toHaveLength(30);
  });
});

describe('a list', () => {
  test('is newest first, of its kind and workspace alone', async () => {
    const scope = freshScope();
    for (const name of ['one', 'two', 'three']) await create(scope, connection(name));
    const listed = await entityStore(core, scope).list('connection');
    expect(listed.map((item) => item['name'])).toEqual(['three', 'two', 'one']);
    expect(await entityStore(core, scope).list('provisioner')).toEqual([]);
    expect(await entityStore(core, freshScope()).list('connection')).toEqual([]);
  });

  test.each([
    [{}, true],
    [{ name: 'web' }, true],
    [{ name: 'WEB A' }, true],
    [{ name: 'account' }, false],
    [{ tag: ['team:web'] }, true],
    [{ tag: ['team:web', 'url:https://a:1'] }, true],
    [{ tag: ['team:web', 'team:other'] }, false],
    [{ tag: ['missing:'] }, false],
    [{ tag: ['constructor:x'] }, false],
  ])('asked for by %j shows the entity: %s (S24)', (query, expected) => {
    const entity = { name: 'Web account', tags: { team: 'web', url: 'https://a:1' } };
    expect(matches(entity, query)).toBe(expected);
  });
});
