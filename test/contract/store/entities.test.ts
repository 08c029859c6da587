import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { newId } from '../../../shared/runtime/ids.ts';
import {
  EntityRefused,
  type EntityRef,
  entityStore,
  matches,
  type StoredEntity,
} from '../../../shared/store/entity-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { base } from '../../support/builders.ts';
import { allOf, freshScope } from './fixtures.ts';
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
const usersOf = (scope: WorkspaceScope, { id }: { id: string }) =>
  entityStore(core, scope).users('connection', id);
const change = (
  scope: WorkspaceScope,
  before: StoredEntity,
  after: Partial<StoredEntity>,
  references: EntityRef[] = [],
) => {
  const next = { ...before, ...after, rev: before.rev + 1 };
  return entityStore(core, scope).change('connection', { before, after: next, references, more: [] });
};
const remove = (scope: WorkspaceScope, item: StoredEntity) =>
  entityStore(core, scope).remove('connection', item, []);
const storedSchema = z.looseObject({ id: z.string(), name: z.string(), rev: z.int() });
const stored = async (scope: WorkspaceScope, { id }: { id: string }): Promise<StoredEntity> =>
  storedSchema.parse(await entityStore(core, scope).get('connection', id));
const ref = ({ id }: { id: string }): EntityRef => ({ kind: 'connection', id });
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
    expect(refused.every(({ reason }) => reason instanceof EntityRefused && reason.nameTaken)).toBe(true);
    expect(await allOf(core, scope, 'connection')).toHaveLength(1);
  });

  test.each([
    ['Größe', 'GRÖSSE', true],
    ['Größe', 'GRÖßE', true],
    ['cafe\u0301', 'CAFÉ', true],
    ['ﬁle', 'FILE', true],
    ['Web', 'Web2', false],
  ])('%s and %s clash: %s', async (one, other, isClash) => {
    const scope = freshScope();
    await create(scope, connection(one));
    const second = await create(scope, connection(other)).catch((error: unknown) => error);
    expect(second instanceof EntityRefused && second.nameTaken).toBe(isClash);
  });

  test('may use the name of another kind or workspace (S37)', async () => {
    const [one, other] = [freshScope(), freshScope()];
    await create(one, connection('Web'));
    await create(other, connection('Web'));
    const role = base(newId('provisioner-role'), 'Web');
    await entityStore(core, one).create('provisioner-role', role, [], []);
    expect(await allOf(core, one, 'provisioner-role')).toHaveLength(1);
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

  test('that refers to the same thing twice is one reference', async () => {
    const scope = freshScope();
    const target = connection('target');
    await create(scope, target);
    const to: EntityRef = { kind: 'connection', id: target.id };
    const user = connection('user');
    await create(scope, user, [to, to]);
    expect(await usersOf(scope, target)).toEqual([user.id]);
  });

  test('with thirty references is one transaction', async () => {
    const scope = freshScope();
    const targets = Array.from({ length: 30 }, (_, n) => connection(`target ${n}`));
    for (const target of targets) await create(scope, target);
    const references = targets.map(({ id }): EntityRef => ({ kind: 'connection', id }));
    const user = connection('user');
    await create(scope, user, references);
    for (const target of targets) expect(await usersOf(scope, target)).toEqual([user.id]);
  });

  test('of a name too long for a key once it is folded is one of its kind all the same', async () => {
    const scope = freshScope();
    const name = '\ufdfa'.repeat(100);
    await create(scope, connection(name));
    await expect(create(scope, connection(name))).rejects.toMatchObject({ nameTaken: true });
    await create(scope, connection(`${name}x`));
  });
});

describe('a change', () => {
  test('moves the name and lets the old one go', async () => {
    const scope = freshScope();
    const one = connection('One');
    await create(scope, one);
    await change(scope, one, { name: 'Two' });
    await create(scope, connection('one'));
    await expect(create(scope, connection('TWO'))).rejects.toMatchObject({ nameTaken: true });
    await change(scope, await stored(scope, one), { name: 'two' });
    expect(await entityStore(core, scope).get('connection', one.id)).toMatchObject({ name: 'two', rev: 3 });
  });

  test('to a name that is taken alters nothing', async () => {
    const scope = freshScope();
    const [one, other] = [connection('One'), connection('Other')];
    await create(scope, one);
    await create(scope, other);
    const before = await rowsOf(scope);
    await expect(change(scope, other, { name: 'ONE' })).rejects.toMatchObject({ nameTaken: true });
    expect(await rowsOf(scope)).toEqual(before);
  });

  test('exchanges thirty references for thirty others in one transaction', async () => {
    const scope = freshScope();
    const targets = Array.from({ length: 60 }, (_, n) => connection(`target ${n}`));
    for (const target of targets) await create(scope, target);
    const user = connection('user');
    await create(scope, user, targets.slice(0, 30).map(ref));
    await change(scope, await stored(scope, user), {}, targets.slice(30).map(ref));
    for (const [place, target] of targets.entries())
      expect(await usersOf(scope, target)).toEqual(place < 30 ? [] : [user.id]);
  });

  test('of what was changed or deleted meanwhile is told so', async () => {
    const scope = freshScope();
    const one = connection('One');
    await create(scope, one);
    await change(scope, one, { description: 'first' });
    await expect(change(scope, one, { description: 'late' })).rejects.toMatchObject({ overtaken: true });
    await remove(scope, await stored(scope, one));
    await expect(change(scope, one, {})).rejects.toMatchObject({ overtaken: true });
    expect((await rowsOf(scope)).map((row) => row['row'])).toEqual([]);
  });
});

describe('a delete', () => {
  test('leaves no row and lets go of what it referred to; the name is free again (S14)', async () => {
    const scope = freshScope();
    const target = connection('target');
    await create(scope, target);
    const before = await rowsOf(scope);
    const user = connection('user');
    await create(scope, user, [ref(target)]);
    await remove(scope, await stored(scope, user));
    expect(await rowsOf(scope)).toEqual(before);
    await create(scope, connection('USER'));
  });

  test('of what is referred to is refused, also by what refers weakly no longer', async () => {
    const scope = freshScope();
    const target = connection('target');
    await create(scope, target);
    const user = connection('user');
    await create(scope, user, [ref(target)]);
    await create(scope, connection('weak user'), [{ ...ref(target), weak: true }]);
    await expect(remove(scope, target)).rejects.toMatchObject({ overtaken: true });
    await remove(scope, await stored(scope, user));
    await remove(scope, target);
    expect(await entityStore(core, scope).get('connection', target.id)).toBeUndefined();
  });
});

/** As many callers at once, and as often: races show themselves only now and then. */
const CALLERS = Array.from({ length: 16 }, (_, n) => n);
const ROUNDS = Array.from({ length: 50 }, (_, n) => n);
const settled = async (attempts: Promise<unknown>[]) => {
  const results = await Promise.allSettled(attempts);
  const won = results.filter((one) => one.status === 'fulfilled').length;
  const reasons = results.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
  expect(reasons.filter((reason) => !(reason instanceof EntityRefused))).toEqual([]);
  return won;
};

describe('sixteen at once, fifty times', () => {
  test('who want one name: one has it', { timeout: 120_000 }, async () => {
    for (const round of ROUNDS) {
      const scope = freshScope();
      expect(await settled(CALLERS.map(() => create(scope, connection(`name ${round}`))))).toBe(1);
      expect(await allOf(core, scope, 'connection')).toHaveLength(1);
    }
  });

  test('who change one revision: one does', { timeout: 120_000 }, async () => {
    const scope = freshScope();
    for (const round of ROUNDS) {
      const one = connection(`entity ${round}`);
      await create(scope, one);
      expect(await settled(CALLERS.map((n) => change(scope, one, { description: `${n}` })))).toBe(1);
      expect(await stored(scope, one)).toMatchObject({ rev: 2 });
    }
  });

  test('of whom half refer to what the other half deletes: never both', { timeout: 120_000 }, async () => {
    const scope = freshScope();
    for (const round of ROUNDS) {
      const target = connection(`target ${round}`);
      await create(scope, target);
      const users = CALLERS.filter((n) => n % 2 === 0).map((n) => connection(`user ${round} ${n}`));
      await settled(
        CALLERS.map((n) => {
          const user = users[n / 2];
          return user === undefined ? remove(scope, target) : create(scope, user, [ref(target)]);
        }),
      );
      const there = await entityStore(core, scope).get('connection', target.id);
      const made = await entityStore(core, scope).getAll(users.map(ref));
      expect(there === undefined).toBe(made.length === 0);
      expect(new Set(await usersOf(scope, target))).toEqual(new Set(made.map((item) => item['id'])));
    }
  });
});

describe('a list', () => {
  test('is newest first, of its kind and workspace alone', async () => {
    const scope = freshScope();
    for (const name of ['one', 'two', 'three']) await create(scope, connection(name));
    const listed = await allOf(core, scope, 'connection');
    expect(listed.map((item) => item['name'])).toEqual(['three', 'two', 'one']);
    expect(await allOf(core, scope, 'provisioner')).toEqual([]);
    expect(await allOf(core, freshScope(), 'connection')).toEqual([]);
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
