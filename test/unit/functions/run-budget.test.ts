import { beforeAll, describe, expect, test } from 'vitest';
import type { Metered } from '../../support/bill.ts';
import { furnish, type RunShape, runMetered } from '../../support/metered-run.ts';
import { openMeteredWorld } from '../../support/metered-world.ts';

/**
 * What a run may use, counted and not timed, so that nobody makes runs dearer unnoticed. Whoever has a reason to use more
 * raises a number here and measures `npm run bench -- cost` again.
 */

const CHUNK_LINES = 22;
const shape: RunShape = { minutes: 3, lines: 60 * CHUNK_LINES, bursts: 60, viewers: 1, steps: 3 };

const meter = async (run: RunShape) => {
  const world = openMeteredWorld();
  const { workspaceId, definitions } = await furnish(world, run.steps);
  const [definitionId = ''] = definitions;
  const place = { workspaceId, definitionId };
  // The first run of a connection also plans the looks through its account.
  await runMetered(world, place, { ...run, minutes: 1, lines: 1, bursts: 1, viewers: 0 });
  await world.settle();
  world.bill.clear();
  await runMetered(world, place, run);
  const { bill } = world;
  const used = (part: string, what: Metered): number =>
    bill.lines().find((line) => line.part === part && line.what === what)?.amount ?? 0;
  const calls = (part: string): number => bill.invocations.filter((one) => one.part === part).length;
  return { bill, used, calls };
};
type Measured = Awaited<ReturnType<typeof meter>>;

let run: Measured;
beforeAll(async () => {
  run = await meter(shape);
});

describe('a run', () => {
  test('is three transactions in the core table: accepted, admitted, ended', () => {
    expect(run.bill.verbs.core.transactions).toBeLessThanOrEqual(3);
  });

  test.each<[string, Metered, number]>([
    ['request', 'coreReadUnits', 20],
    ['request', 'coreWriteUnits', 24],
    ['dispatch', 'coreReadUnits', 14],
    ['dispatch', 'coreWriteUnits', 14],
    ['dispatch', 'fifoRequests', 9],
    ['workflow', 'transitions', 5],
    ['workflow', 'coreReadUnits', 12],
    ['workflow', 'coreWriteUnits', 40],
    ['claim and completion', 'coreWriteUnits', 16],
    ['claim and completion', 'httpRequests', 3],
    ['outbox', 'busEvents', 12],
  ])('uses for the part %s, of %s, at most %i', (part, what, most) => {
    const used = run.used(part, what);
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThanOrEqual(most);
  });

  test('is told to the outside once for each write to it, and its runner asks for nothing but to speak', () => {
    expect(run.calls('outbox')).toBe(run.bill.verbs.core.writes);
    expect(run.used('log', 'httpRequests')).toBe(shape.bursts);
  });
});

describe('a chunk of the log', () => {
  test('of 22 lines is six write units: a head of one and a chunk of two, in one transaction', () => {
    expect(run.used('log', 'trafficWriteUnits')).toBeLessThanOrEqual(shape.bursts * 6);
  });

  test('is three read units: the run, the head, who listens', () => {
    const reads = run.used('log', 'trafficReadUnits') + run.used('log', 'coreReadUnits');
    // The run is read once more in a chunk that is noted.
    const noted = run.bill.verbs.core.writes;
    expect(reads).toBeLessThanOrEqual(shape.bursts * 3 + noted);
  });

  test('is one message to each who watches', () => {
    expect(run.used('log', 'socketMessages')).toBe(shape.bursts * shape.viewers);
  });
});

test('that a runner lives is written every ten seconds at most, for six units', async () => {
  const quiet = await meter({ minutes: 10, lines: 60, bursts: 2, viewers: 0, steps: 1 });
  const beats = quiet.used('heartbeats', 'httpRequests');
  expect(beats).toBeGreaterThan(60);
  const written = quiet.used('heartbeats', 'coreWriteUnits') + quiet.used('heartbeats', 'indexWriteUnits');
  expect(written).toBeLessThanOrEqual(60 * 6);
  expect(quiet.used('heartbeats', 'trafficWriteUnits')).toBe(0);
});

test('what a run uses grows with what it says and how long it takes, not faster', async () => {
  const twice = await meter({ ...shape, minutes: 6, lines: 2 * shape.lines, bursts: 120 });
  const units = ({ bill }: Measured, names: Metered[]): number =>
    bill
      .lines()
      .filter(({ what }) => names.includes(what))
      .reduce((sum, { amount }) => sum + amount, 0);
  for (const name of ['coreReadUnits', 'coreWriteUnits', 'trafficReadUnits', 'trafficWriteUnits'] as const)
    expect(units(twice, [name])).toBeLessThanOrEqual(2 * units(run, [name]));
});
