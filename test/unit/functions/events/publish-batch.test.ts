import { expect, test } from 'vitest';
import { publishBatch } from '../../../../functions/events/publish-changes/publish-batch.ts';
import type { RowChange } from '../../../../functions/events/publish-changes/row-change.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { queuedRun } from '../../../support/builders.ts';
import { memoryEngine, scope } from '../../../support/engine.ts';

const run = queuedRun();
const fine: RowChange = { before: undefined, after: { ...keys.run(scope, run.id), ...run, row: 'run' } };
const unreadable: RowChange = { before: undefined, after: { row: 'run', id: 'nonsense' } };

/** A batch of these changes; what was told and what was parked, by its place. */
const publish = async (
  changes: (RowChange | Error)[],
  park: (place: number) => Promise<void> = async () => {},
) => {
  const { traffic, engine } = memoryEngine();
  const told: string[] = [];
  const parked: number[] = [];
  const outlets = {
    sockets: { traffic, send: engine.send },
    files: { remove: async () => {} },
    publish: {
      wake: () => {},
      wakeWorkspace: () => {},
      removal: async () => {},
      sweep: () => {},
      event: async (event: { DetailType: string } | undefined) => void told.push(event?.DetailType ?? ''),
    },
  };
  let flushes = 0;
  await publishBatch([...changes.keys()], outlets, {
    read: (place) => {
      const change = changes[place];
      if (change === undefined || change instanceof Error) throw change ?? new Error('no such place');
      return change;
    },
    park: async (place) => {
      await park(place);
      parked.push(place);
    },
    flush: async () => void (flushes += 1),
  });
  return { told, parked, flushes };
};

test('a record that cannot be read or told is parked and holds up nothing behind it (F37)', async () => {
  const { told, parked, flushes } = await publish([fine, unreadable, new Error('no row'), fine]);
  expect(told).toEqual(['run.queued', 'run.queued']);
  expect(parked).toEqual([1, 2]);
  expect(flushes).toBe(1);
});

test('a record that cannot even be parked makes the batch come again: nothing is lost (F37)', async () => {
  const away = () => Promise.reject(new Error('the queue is away'));
  await expect(publish([fine, unreadable, fine], away)).rejects.toThrow('the queue is away');
});
