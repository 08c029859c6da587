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
    expect(waitingReason(entry('a', 1), taken, limits(9, 2))).toBe('the workspace runs 2 of at most 2');
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
    expect(waitingReason(waiting, taken, limits(2, 1))).toMatch(reason);
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

test('a queue of 2,000 keeps the order in which it came', () => {
  const queue = Array.from({ length: 2000 }, (_, place) => entry('a', place));
  expect(ids(queueOrder(queue))).toEqual(ids(queue));
});
