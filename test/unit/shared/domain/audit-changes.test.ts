import { describe, expect, test } from 'vitest';
import { changedFields } from '../../../../shared/domain/audit-changes.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';

const bookkeeping = { id: 'x', createdAt: 'a', createdBy: 'b', updatedAt: 'c', rev: 1 };

describe('what an audit event tells', () => {
  test('of a change are the fields that changed, both ways', () => {
    const before = { ...bookkeeping, name: 'Web', tags: { a: '1' }, size: 1, gone: true };
    const after = {
      ...bookkeeping,
      rev: 2,
      updatedAt: 'd',
      name: 'Web',
      tags: { a: '2' },
      size: 1,
      made: 'x',
    };
    expect(changedFields(before, after)).toEqual({
      before: { tags: { a: '1' }, gone: true },
      after: { tags: { a: '2' }, made: 'x' },
    });
  });

  test('of a create is everything as it is, of a delete everything as it was', () => {
    const fields = { ...bookkeeping, name: 'Web' };
    expect(changedFields(undefined, fields)).toEqual({ after: { name: 'Web' } });
    expect(changedFields(fields, undefined)).toEqual({ before: { name: 'Web' } });
  });

  test('of a long text is its length and digest', () => {
    const told = changedFields(undefined, { script: 'x'.repeat(501), short: 'y'.repeat(500) });
    expect(told.after?.['script']).toEqual({ length: 501, sha256: sha256('x'.repeat(501)) });
    expect(told.after?.['short']).toBe('y'.repeat(500));
  });

  test('fits a row whatever the size of the entity', () => {
    const environment = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`V${n}`, 'z'.repeat(499)]));
    const list = Array.from({ length: 5000 }, (_, n) => n);
    const told = changedFields({ environment, list }, { environment: {}, list: [] });
    expect(JSON.stringify(told).length).toBeLessThan(1000);
  });
});
