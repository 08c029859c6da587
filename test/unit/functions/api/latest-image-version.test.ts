import { describe, expect, test } from 'vitest';
import { readLatestImageVersion } from '../../../../functions/api/runs/image-versions.ts';
import type { ImageVersion } from '../../../../shared/contracts/entities/image-version.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { recordImageVersion } from '../../../../shared/store/image-version-store.ts';
import { at, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const imageDefinitionId = `def_${ulid('D')}`;
const version = (number: number, state: ImageVersion['state']): ImageVersion => ({
  id: newId('image-version'),
  number,
  name: `Web-Base-v${number}`,
  imageDefinitionId,
  runId: newId('run'),
  state,
  locators: [],
  toolchain: {},
  createdAt: at(number),
});

/** A definition whose versions 1, 2, … are in these states. */
const latestOf = async (...states: ImageVersion['state'][]): Promise<unknown> => {
  const core = memoryTable();
  for (const [place, state] of states.entries())
    await core.write(recordImageVersion(scope, version(place + 1, state)));
  let reads = 0;
  const counting = {
    ...core,
    getAll: async (...asked: Parameters<typeof core.getAll>) => {
      reads += asked[0].length;
      return core.getAll(...asked);
    },
  };
  const answer = readLatestImageVersion(counting, { scope, params: { imageDefinitionId } });
  return answer.then(({ body }) => ({ body, reads }));
};

describe('the latest image version of a definition (S116)', () => {
  test('is the newest one, and one read', async () => {
    expect(await latestOf('available', 'available')).toMatchObject({ body: { number: 2 }, reads: 1 });
  });

  test('may be deprecated: the image is there and works', async () => {
    expect(await latestOf('available', 'deprecated')).toMatchObject({ body: { number: 2 } });
  });

  test.each(['missing', 'revoked', 'deleted'] as const)('is never one that is %s', async (state) => {
    expect(await latestOf('deprecated', 'available', state, state)).toMatchObject({ body: { number: 2 } });
  });

  test('is not found when no image is there any more, or there never was one', async () => {
    await expect(latestOf('missing', 'deleted', 'revoked')).rejects.toMatchObject({ code: 'not-found' });
    await expect(latestOf()).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is found behind many that are gone, and not looked for without end', async () => {
    const gone = (count: number) => Array.from({ length: count }, () => 'missing' as const);
    expect(await latestOf('available', ...gone(499))).toMatchObject({ body: { number: 1 }, reads: 500 });
    await expect(latestOf('available', ...gone(500))).rejects.toMatchObject({ code: 'not-found' });
  });
});
