import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseAdmissions,
  freeSlot,
  type Limits,
  type QueueEntry,
  queueOrder,
  type TakenSlots,
  waitingReason,
} from '../../../../../shared/domain/run/admission.ts';
import { ulid } from '../../../../support/builders.ts';

const entry = (workspaceId: string, place: number, manual = true): QueueEntry => ({
  workspaceId,
  runId: `run_${ulid(String(place).padStart(6, '0'))}`,
  manual,
});
const nothing = (): TakenSlots => ({ pool: [], workspaces: new Map() });
const limits = (pool: number, workspace: number): Limits => ({ pool, workspace: () => workspace });
const ids = (entries: QueueEntry[]): string[] => entries.map((one) => one.runId);

describe('who starts next', () => {
  test('a run starts at once when there is room (S57)', () => {
    const waiting = entry('a', 1);
    expect(chooseAdmissions([waiting], nothing(), limits(1, 1))).toEqual([
      { entry: waiting, slots: { workspace: 1, pool: 1 } },
    ]);
  });

  test('an empty queue starts nothing', () => {
    expect(chooseAdmissions([], nothing(), limits(5, 5))).toEqual([]);
  });

  test('within a workspace manual runs come before scheduled ones, then the oldest first', () => {
    const queue = [entry('a', 1, false), entry('a', 4), entry('a', 2, false), entry('a', 3)];
    const admitted = chooseAdmissions(queue, nothing(), limits(10, 10)).map((one) => one.entry);
    expect(ids(admitted)).toEqual(ids([entry('a', 3), entry('a', 4), entry('a', 1), entry('a', 2)]));
  });

  test('workspaces take turns: a long queue of one does not hold up the other', () => {
    const queue = [...[1, 2, 3, 4].map((n) => entry('a', n)), entry('b', 5)];
    const admitted = chooseAdmissions(queue, nothing(), limits(2, 10)).map((one) => one.entry);
    expect(admitted.map((one) => one.workspaceId)).toEqual(['a', 'b']);
  });

  test('the workspace with the fewest running runs is served first', () => {
    const taken = { pool: [1, 2], workspaces: new Map([['a', [1, 2]]]) };
    const [first] = chooseAdmissions([entry('a', 1), entry('b', 2)], taken, limits(3, 10));
    expect(first?.entry.workspaceId).toBe('b');
  });

  test('a workspace at its own limit is passed over and keeps its place', () => {
    const taken = { pool: [1], workspaces: new Map([['a', [1]]]) };
    const admitted = chooseAdmissions([entry('a', 1), entry('b', 2)], taken, limits(3, 1));
    expect(admitted.map((one) => one.entry.workspaceId)).toEqual(['b']);
  });

  test('freed slots are taken again, the lowest first', () => {
    const taken = { pool: [1, 3], workspaces: new Map([['a', [2]]]) };
    const [first] = chooseAdmissions([entry('a', 1)], taken, limits(3, 3));
    expect(first?.slots).toEqual({ workspace: 1, pool: 2 });
  });
});

describe('limits that were lowered while runs go on', () => {
  test('a free low slot is not taken while higher ones fill the pool', () => {
    const taken = { pool: [2, 3], workspaces: new Map([['b', [1, 2]]]) };
    expect(chooseAdmissions([entry('a', 1)], taken, limits(1, 5))).toEqual([]);
    expect(chooseAdmissions([entry('a', 1)], taken, limits(2, 5))).toEqual([]);
    expect(chooseAdmissions([entry('a', 1)], taken, limits(3, 5))).toHaveLength(1);
  });

  test('the same holds for a workspace', () => {
    const taken = { pool: [1, 2], workspaces: new Map([['a', [2, 3]]]) };
    expect(chooseAdmissions([entry('a', 1)], taken, limits(9, 2))).toEqual([]);
    const view = { queue: [entry('a', 1)], taken, limits: limits(9, 2) };
    expect(waitingReason(entry('a', 1), view)).toBe('the workspace runs 2 of at most 2');
  });

  test('no slot is free when as many are taken as there may be', () => {
    expect(freeSlot([2, 3], 2)).toBeUndefined();
    expect(freeSlot([2], 2)).toBe(1);
    expect(freeSlot([], 0)).toBeUndefined();
  });
});

describe('why a run waits', () => {
  const waiting = entry('a', 1);
  test.each([
    [
      'its workspace is full',
      { pool: [1], workspaces: new Map([['a', [1]]]) },
      /workspace runs 1 of at most 1/,
    ],
    ['the pool is full', { pool: [1, 2], workspaces: new Map() }, /runner pool runs 2 of at most 2/],
    ['nothing is in its way', nothing(), /about to start/],
  ])('when %s', (_case, taken, reason) => {
    expect(waitingReason(waiting, { queue: [waiting], taken, limits: limits(2, 1) })).toMatch(reason);
  });

  test('when builds found no room: then nothing starts, whatever else is in the way (F13)', () => {
    const taken = { pool: [1, 2], workspaces: new Map([['a', [1]]]) };
    const view = { queue: [waiting], taken, limits: limits(2, 1), coolingUntil: '2026-01-02T03:04:05.000Z' };
    expect(waitingReason(waiting, view)).toMatch(/no room for builds .* before 2026-01-02T03:04:05\.000Z/);
    expect(waitingReason(waiting, { ...view, isLowered: true })).toMatch(
      /^CodeBuild allows 2 builds at the moment; the runner pool found no room/,
    );
  });

  test('when CodeBuild takes less than the pool has: how many it takes (F13)', () => {
    const queue = [waiting, entry('b', 2)];
    const full = { queue, taken: { pool: [1], workspaces: new Map() }, limits: limits(1, 9) };
    expect(waitingReason(waiting, { ...full, isLowered: true })).toBe(
      'CodeBuild allows 1 build at the moment, and the runner pool runs 1',
    );
    const behind = { queue, taken: nothing(), limits: limits(1, 9), isLowered: true };
    expect(queue.map((one) => waitingReason(one, behind))).toEqual([
      'about to start',
      'others start first: CodeBuild allows 1 build at the moment, and the runner pool runs 0',
    ]);
  });

  test('when others come first: of its own workspace, or of all that the pool still takes', () => {
    const queue = [entry('a', 1), entry('a', 2), entry('b', 3), entry('c', 4)];
    const reasons = (asked: Limits) =>
      queue.map((one) => waitingReason(one, { queue, taken: nothing(), limits: asked }));
    const [soon, own] = ['about to start', 'others start first: the workspace runs 0 of at most 1'];
    expect(reasons(limits(9, 1))).toEqual([soon, own, soon, soon]);
    const full = 'others start first: the runner pool runs 0 of at most 2';
    expect(reasons(limits(2, 9))).toEqual([soon, full, soon, full]);
  });
});

const letters = ['a', 'b', 'c', 'd'];
const queues = fc
  .array(fc.record({ workspaceId: fc.constantFrom(...letters), manual: fc.boolean() }), { maxLength: 40 })
  .map((list) => list.map((one, place) => entry(one.workspaceId, place, one.manual)));
const slots = fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 8 });
const situations = fc.record({
  queue: queues,
  pool: slots,
  workspaces: fc.tuple(slots, slots, slots, slots),
  poolLimit: fc.integer({ min: 1, max: 8 }),
  workspaceLimits: fc.tuple(...letters.map(() => fc.integer({ min: 1, max: 8 }))),
});

type Situation = typeof situations extends fc.Arbitrary<infer T> ? T : never;

const decide = (situation: Situation) => {
  const limitOf = new Map(letters.map((id, place) => [id, situation.workspaceLimits[place] ?? 1]));
  const taken = {
    pool: situation.pool,
    workspaces: new Map(letters.map((id, place) => [id, situation.workspaces[place] ?? []])),
  };
  const asked = { pool: situation.poolLimit, workspace: (id: string) => limitOf.get(id) ?? 1 };
  return { taken, asked, admitted: chooseAdmissions(situation.queue, taken, asked) };
};

describe('whatever waits and whatever runs', () => {
  test('limits are never exceeded and no slot is given twice', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { taken, asked, admitted } = decide(situation);
        const pool = [...taken.pool, ...admitted.map((one) => one.slots.pool)];
        expect(new Set(pool).size).toBe(pool.length);
        expect(admitted.length === 0 || pool.length <= asked.pool).toBe(true);
        for (const id of letters) {
          const own = admitted.filter((one) => one.entry.workspaceId === id);
          const all = [...(taken.workspaces.get(id) ?? []), ...own.map((one) => one.slots.workspace)];
          expect(new Set(all).size).toBe(all.length);
          expect(own.length === 0 || all.length <= asked.workspace(id)).toBe(true);
        }
      }),
    );
  });

  test('a run never overtakes an earlier one of its workspace and kind', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const admitted = new Set(decide(situation).admitted.map((one) => one.entry.runId));
        for (const one of situation.queue.filter((waiting) => admitted.has(waiting.runId))) {
          const ahead = situation.queue.filter(
            (other) =>
              other.workspaceId === one.workspaceId &&
              ((other.manual && !one.manual) || (other.manual === one.manual && other.runId < one.runId)),
          );
          expect(ahead.every((other) => admitted.has(other.runId))).toBe(true);
        }
      }),
    );
  });

  test('nothing waits that could run: room is always used', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { taken, asked, admitted } = decide(situation);
        const started = new Set(admitted.map((one) => one.entry.runId));
        const poolCount = taken.pool.length + admitted.length;
        for (const waiting of situation.queue.filter((one) => !started.has(one.runId))) {
          const own = admitted.filter((one) => one.entry.workspaceId === waiting.workspaceId).length;
          const count = (taken.workspaces.get(waiting.workspaceId)?.length ?? 0) + own;
          expect(poolCount >= asked.pool || count >= asked.workspace(waiting.workspaceId)).toBe(true);
        }
      }),
    );
  });

  test('the order of the queue names every waiting run once, and does not depend on how the rows were read', () => {
    fc.assert(
      fc.property(queues, fc.integer(), (queue, seed) => {
        const order = ids(queueOrder(queue));
        expect(order.toSorted()).toEqual(ids(queue).toSorted());
        const rotated = queue.map((_, place) => queue[(place + Math.abs(seed)) % queue.length] ?? queue[0]);
        const again = rotated.filter((one) => one !== undefined);
        expect(ids(queueOrder(again))).toEqual(order);
      }),
    );
  });
});

describe('the place of a run', () => {
  const running = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

  test('is when it starts, if the runs before it start one after another (S56, S57)', () => {
    const wide = fc.record({ queue: queues, counts: fc.tuple(...letters.map(() => fc.nat({ max: 6 }))) });
    fc.assert(
      fc.property(wide, ({ queue, counts }) => {
        const taken = new Map(letters.map((id, place) => [id, running(counts[place] ?? 0)]));
        const left = [...queue];
        const started: string[] = [];
        while (left.length > 0) {
          const pool = running([...taken.values()].flat().length);
          const asked = { pool: pool.length + 1, workspace: () => 1000 };
          const [next] = chooseAdmissions(left, { pool, workspaces: taken }, asked);
          if (next === undefined) break;
          const { workspaceId, runId } = next.entry;
          started.push(runId);
          taken.set(workspaceId, [...(taken.get(workspaceId) ?? []), next.slots.workspace]);
          left.splice(left.indexOf(next.entry), 1);
        }
        const before = new Map(letters.map((id, place) => [id, running(counts[place] ?? 0)]));
        expect(ids(queueOrder(queue, before))).toEqual(started);
      }),
    );
  });

  test('comes after those of workspaces that run less, although these came later', () => {
    const queue = [entry('a', 1), entry('a', 2), entry('b', 3), entry('b', 4)];
    const order = queueOrder(queue, new Map([['a', [1]]]));
    expect(ids(order)).toEqual(ids([entry('b', 3), entry('a', 1), entry('b', 4), entry('a', 2)]));
  });

  test('the first of each workspace decide who is next, as many as there are free slots', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { taken, asked, admitted } = decide(situation);
        const free = Math.max(0, asked.pool - taken.pool.length);
        const heads = [...Map.groupBy(situation.queue, (one) => one.workspaceId).values()].flatMap((own) =>
          own
            .toSorted((a, b) => Number(b.manual) - Number(a.manual) || (a.runId < b.runId ? -1 : 1))
            .slice(0, free),
        );
        expect(chooseAdmissions(heads, taken, asked)).toEqual(admitted);
      }),
    );
  });
});

test('a queue of 2,000 keeps the order in which it came', () => {
  const queue = Array.from({ length: 2000 }, (_, place) => entry('a', place));
  expect(ids(queueOrder(queue))).toEqual(ids(queue));
});
