import { expect, test } from 'vitest';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { openDefinitionsApi } from '../../../support/definitions-api.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const CALLERS = Array.from({ length: 16 }, (_, n) => n);
const file = { sizeBytes: 5, sha256: sha256('hello') };

test('sixteen who announce content with one idempotency key: one version, one answer, and nobody insists', async () => {
  const table = memoryTable();
  const { ask, create } = await openDefinitionsApi(table);
  const { id } = await create('/resources', { name: 'setup', fileName: 'setup.sh', ...file });
  let writes = 0;
  table.beforeWrite = () => {
    writes += 1;
  };
  const headers = { 'idempotency-key': 'once' };
  const answers = await Promise.all(
    CALLERS.map(() => ask('POST', `/resources/${id}/versions`, { body: file, headers })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect((await ask('GET', `/resources/${id}`)).body).toMatchObject({ rev: 2 });
  // Each tries once, and once more when it finds that somebody was faster.
  expect(writes).toBeLessThanOrEqual(32);
});

test('sixteen who announce content with keys of their own: sixteen versions', async () => {
  const table = memoryTable();
  const { ask, create } = await openDefinitionsApi(table);
  const { id } = await create('/resources', { name: 'setup', fileName: 'setup.sh', ...file });
  const answers = await Promise.all(
    CALLERS.map((n) =>
      ask('POST', `/resources/${id}/versions`, { body: file, headers: { 'idempotency-key': `key ${n}` } }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect((await ask('GET', `/resources/${id}`)).body).toMatchObject({ rev: 17 });
});
