import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeRun } from '../../../shared/actions/change-run.ts';
import { finish } from '../../../shared/domain/run/lifecycle.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { DUE_RUN, keys } from '../../../shared/store/keys.ts';
import { releaseSlots } from '../../../shared/store/queue-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import { at, queuedRun } from '../../support/builders.ts';
import { createRun, freshScope, putDefinition } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
beforeAll(async () => {
  emulated = await startTables();
  core = emulated.core;
});
afterAll(() => emulated.stop());

const numbersUpTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const ascending = (numbers: number[]) => numbers.toSorted((a, b) => a - b);

describe('numbers (S12, S126, S127)', () => {
  test('of fifty runs created at once on one definition are 1 to 50', async () => {
    const scope = freshScope();
    const definitionId = await putDefinition(core, scope);
    const runs = await Promise.all(numbersUpTo(50).map(() => createRun(core, scope, definitionId)));
    expect(ascending(runs.map((run) => run.number))).toEqual(numbersUpTo(50));
    const listed = await runStore(core, scope).listOfDefinition(definitionId, { limit: 100 });
    expect(listed.map((run) => run.number)).toEqual(numbersUpTo(50).toReversed());
    expect(await runStore(core, scope).listActive()).toHaveLength(50);
    const latest = await runStore(core, scope).latest(definitionId);
    expect(latest?.number).toBe(50);
  });

  test('go on when a definition is deleted and made again under the same name', async () => {
    const scope = freshScope();
    const first = await putDefinition(core, scope);
    await createRun(core, scope, first);
    await createRun(core, scope, first);
    await core.write([
      { delete: keys.entity(scope, 'image-definition', first) },
      { delete: keys.name(scope, 'image-definition', 'Web-Base') },
    ]);
    const second = await putDefinition(core, scope, 'WEB-base');
    expect((await createRun(core, scope, second, { imageName: 'WEB-base' })).number).toBe(3);
  });

  test('of two definitions that used one name after the other are told apart, at the same moment too', async () => {
    const scope = freshScope();
    const [a, b] = await Promise.all([putDefinition(core, scope, 'A'), putDefinition(core, scope, 'B')]);
    const runs = await Promise.all(
      numbersUpTo(10).flatMap(() => [createRun(core, scope, a), createRun(core, scope, b)]),
    );
    expect(ascending(runs.map((run) => run.number))).toEqual(numbersUpTo(20));
  });

  test('begin where the team wants and do not jump back', async () => {
    const scope = freshScope();
    const definitionId = await putDefinition(core, scope);
    expect((await createRun(core, scope, definitionId, { firstNumber: 40 })).number).toBe(40);
    expect((await createRun(core, scope, definitionId, { firstNumber: 40 })).number).toBe(41);
    expect((await createRun(core, scope, definitionId)).number).toBe(42);
  });

  test('are the definition’s own in another workspace (S37)', async () => {
    const [one, other] = [freshScope(), freshScope()];
    await createRun(core, one, await putDefinition(core, one));
    expect((await createRun(core, other, await putDefinition(core, other))).number).toBe(1);
  });
});

describe('a create', () => {
  test('with one idempotency row fifty times at once is one run', async () => {
    const scope = freshScope();
    const definitionId = await putDefinition(core, scope);
    const remembered = { pk: `WS#${scope.workspaceId}`, sk: 'IDEMPOTENCY#1' };
    const { number: _, ...draft } = queuedRun({
      workspaceId: scope.workspaceId,
      imageDefinitionId: definitionId,
    });
    const tries = numbersUpTo(50).map(() =>
      runStore(core, scope)
        .create({ run: { ...draft, id: newId('run') } }, (run) => [
          { put: { ...remembered, row: 'idempotency', runId: run.id }, if: { exists: false } },
        ])
        .catch((error: unknown) => error),
    );
    const results = await Promise.all(tries);
    expect(results.filter((one) => !(one instanceof Error))).toHaveLength(1);
    expect(results.filter((one) => one instanceof WriteRefused)).toHaveLength(49);
    const runs = await runStore(core, scope).list({ limit: 100 });
    expect(runs.map((run) => run.number)).toEqual([1]);
    expect(await core.get(remembered)).toMatchObject({ runId: runs[0]?.id });
  });

  test('is refused as a whole when the definition was deleted at the same moment', async () => {
    const scope = freshScope();
    await expect(createRun(core, scope, newId('image-definition'))).rejects.toThrow(WriteRefused);
    expect(await core.query({ pk: `WS#${scope.workspaceId}`, prefix: '' })).toEqual([]);
  });
});

describe('a change', () => {
  test('is refused when somebody was faster, and leaves the run as it is', async () => {
    const scope = freshScope();
    const runs = runStore(core, scope);
    const run = await createRun(core, scope, await putDefinition(core, scope));
    const changed = await runs.change(run, { phase: 'starting' });
    expect(changed.rev).toBe(2);
    await expect(runs.change(run, { phase: 'finished' })).rejects.toThrow(WriteRefused);
    expect(await runs.get(run.id)).toEqual(changed);
  });

  test('made by thirty at once is made thirty times, one after the other', async () => {
    const scope = freshScope();
    const run = await createRun(core, scope, await putDefinition(core, scope));
    await Promise.all(
      numbersUpTo(30).map((n) =>
        changeRun(core, scope, run.id, (current) => ({
          changes: { temporaries: [...(current.temporaries ?? []), { kind: 'k', id: String(n) }] },
        })),
      ),
    );
    const last = await runStore(core, scope).get(run.id);
    expect(last?.rev).toBe(31);
    expect(ascending((last?.temporaries ?? []).map((one) => Number(one.id)))).toEqual(numbersUpTo(30));
  });

  test('to an end takes the run out of the index of what is due and of the active ones (S72)', async () => {
    const scope = freshScope();
    const runs = runStore(core, scope);
    const queued = await createRun(core, scope, await putDefinition(core, scope));
    const running = await runs.change(queued, { status: 'Running' });
    const mine = async () =>
      (await core.due(DUE_RUN, '9999', 100)).filter(({ sk }) => sk.includes(queued.id));
    expect(await mine()).toHaveLength(1);
    await runs.change(running, finish(running, { outcome: 'succeeded' }, at(50)), {
      more: releaseSlots(running),
      remove: ['taskToken', 'claim'],
    });
    expect(await mine()).toEqual([]);
    expect(await runs.listActive()).toEqual([]);
  });
});

describe('lists', () => {
  test('of runs go newest first from page to page without loss or repeat', async () => {
    const scope = freshScope();
    const definitionId = await putDefinition(core, scope);
    for (const _ of numbersUpTo(7)) await createRun(core, scope, definitionId);
    const runs = runStore(core, scope);
    const [first, second, third] = [
      await runs.list({ limit: 3 }),
      await runs.listOfDefinition(definitionId, { before: 5, limit: 3 }),
      await runs.listOfDefinition(definitionId, { before: 2, limit: 3 }),
    ];
    expect(first.map((run) => run.number)).toEqual([7, 6, 5]);
    expect(second.map((run) => run.number)).toEqual([4, 3, 2]);
    expect(third.map((run) => run.number)).toEqual([1]);
    expect((await runs.list({ before: first.at(-1)?.id, limit: 9 })).map((run) => run.number)).toEqual([
      4, 3, 2, 1,
    ]);
  });

  test('the latest runs of a page of definitions are read at once (S43)', async () => {
    const scope = freshScope();
    const [a, b] = [await putDefinition(core, scope, 'A'), await putDefinition(core, scope, 'B')];
    await createRun(core, scope, a, { imageName: 'A' });
    const second = await createRun(core, scope, a, { imageName: 'A' });
    const other = await createRun(core, scope, b, { imageName: 'B' });
    const latest = await runStore(core, scope).latestOf([a, b, newId('image-definition')]);
    expect([...latest.entries()].map(([id, run]) => [id, run.id])).toEqual([
      [a, second.id],
      [b, other.id],
    ]);
    expect(await runStore(core, scope).latest(newId('image-definition'))).toBeUndefined();
  });

  test('let their definition go once the last of them has ended, unless a new one comes (S15)', async () => {
    const scope = freshScope();
    const id = await putDefinition(core, scope, 'Web');
    const runs = runStore(core, scope);
    const none = await runs.releaseDefinition(id);
    const run = await createRun(core, scope, id);
    expect(await runs.releaseDefinition(id)).toBeUndefined();
    await expect(core.write(none ?? [])).rejects.toThrow(WriteRefused);
    const ended = { delete: keys.activeRun(scope, run.id) };
    await core.write([ended]);
    const release = await runs.releaseDefinition(id);
    await createRun(core, scope, id);
    await expect(core.write(release ?? [])).rejects.toThrow(WriteRefused);
  });
});
