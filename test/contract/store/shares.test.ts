import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Share } from '../../../shared/contracts/entities/share.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { shareStore } from '../../../shared/store/share-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import { at } from '../../support/builders.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { freshScope } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
beforeAll(async () => {
  emulated = await startTables();
});
afterAll(() => emulated.stop());

const memory = memoryTable();
const places: [string, () => Table][] = [
  ['DynamoDB', () => emulated.core],
  ['in memory', () => memory],
];

type Subject = Pick<Share, 'region' | 'principal'>;

const subject = (id = '210987654321', region = 'eu-west-1'): Subject => ({
  region,
  principal: { type: 'account', id },
});
const draft = (imageVersionId: string, of = subject()) => ({
  id: newId('share'),
  imageVersionId,
  ...of,
  createdAt: at(0),
  createdBy: 'user-1',
});

describe.each(places)('who may use an image (%s)', (_name, open) => {
  test('is one row for each that it is for, newest first, of this version and workspace only', async () => {
    const shares = shareStore(open(), freshScope());
    const [version, other] = [newId('image-version'), newId('image-version')];
    const first = await shares.begin(draft(version));
    const second = await shares.begin(draft(version, subject('210987654321', 'us-east-1')));
    await shares.begin(draft(other));
    expect(await shares.list(version)).toEqual([second, first]);
    expect(await shares.find({ imageVersionId: version, ...subject() })).toEqual(first);
    expect(await shareStore(open(), freshScope()).list(version)).toEqual([]);
  });

  test('is begun once: the second is refused, and of sixteen at once one is let through', async () => {
    const shares = shareStore(open(), freshScope());
    const version = newId('image-version');
    const begun = await Promise.allSettled(Array.from({ length: 16 }, () => shares.begin(draft(version))));
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(shares.begin(draft(version))).rejects.toThrow(WriteRefused);
    expect(await shares.list(version)).toHaveLength(1);
  });

  test('is known by the id in an ARN too', async () => {
    const shares = shareStore(open(), freshScope());
    const imageVersionId = newId('image-version');
    const of = (id: string): Subject => ({ region: 'eu-west-1', principal: { type: 'organization', id } });
    const begun = await shares.begin(draft(imageVersionId, of('o-abcdefghij')));
    const arn = 'arn:aws:organizations::123456789012:organization/o-abcdefghij';
    expect(await shares.find({ imageVersionId, ...of(arn) })).toEqual(begun);
  });

  test('is changed and removed by whoever saw it last, and by nobody else', async () => {
    const shares = shareStore(open(), freshScope());
    const version = newId('image-version');
    const begun = await shares.begin(draft(version));
    const shared = await shares.mark(begun, 'shared');
    expect(shared).toEqual({ ...begun, state: 'shared', rev: 2 });
    await expect(shares.mark(begun, 'unsharing')).rejects.toMatchObject({ failed: [0] });
    await expect(shares.remove(begun)).rejects.toMatchObject({ failed: [0] });
    expect(await shares.list(version)).toEqual([shared]);
    await shares.remove(shared);
    await expect(shares.mark(shared, 'shared')).rejects.toThrow(WriteRefused);
    expect(await shares.list(version)).toEqual([]);
  });

  test('is settled together with what goes with it, or not at all', async () => {
    const [table, scope] = [open(), freshScope()];
    const shares = shareStore(table, scope);
    const begun = await shares.begin(draft(newId('image-version')));
    const taken = { pk: `WS#${scope.workspaceId}`, sk: 'IDEMPOTENCY#1', row: 'idempotency' as const };
    await table.write([{ put: taken }]);
    const settling = shares.mark(begun, 'shared', [{ put: taken, if: { exists: false } }]);
    await expect(settling).rejects.toMatchObject({ failed: [1] });
    expect(await shares.find(begun)).toEqual(begun);
  });
});
