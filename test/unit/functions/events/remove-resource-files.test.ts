import { expect, test, vi } from 'vitest';
import { removeResourceFiles } from '../../../../functions/events/publish-changes/remove-resource-files.ts';
import { keys } from '../../../../shared/store/keys.ts';
import type { ResourceFiles } from '../../../../shared/store/resource-files.ts';
import { ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';

const id = `res_${ulid('F')}`;
const row = (...versions: number[]) => ({
  ...keys.entity(scope, 'resource', id),
  row: 'resource',
  id,
  versions: versions.map((version) => ({ version, fileName: 'a.sh' })),
});

test.each([
  ['a resource that is gone loses all of its files', row(1, 2), undefined, [[scope, id, [1, 2]]]],
  ['a version that made room for a new one loses its file', row(1, 2, 3), row(1, 3, 4), [[scope, id, [2]]]],
  ['a new resource loses nothing', undefined, row(1), []],
  ['a completed one loses nothing', row(1), row(1), []],
  ['a new version takes none away', row(1), row(1, 2), []],
])('%s (S90)', async (_what, before, after, expected) => {
  const remove = vi.fn<ResourceFiles['remove']>(async () => {});
  await removeResourceFiles({ before, after }, { remove });
  expect(remove.mock.calls).toEqual(expected);
});

test('what S3 keeps is no success: the change is parked for a person', async () => {
  const remove = () => Promise.reject(new Error('S3 kept it'));
  await expect(removeResourceFiles({ before: row(1), after: undefined }, { remove })).rejects.toThrow(
    'S3 kept',
  );
});
