import { expect, test } from 'vitest';
import { timeOfId } from '../../../../shared/domain/time-of-id.ts';
import { newId } from '../../../../shared/runtime/ids.ts';

test('an id tells when it was made', () => {
  expect(timeOfId('ws_01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe('2016-07-30T23:54:10.259Z');
  expect(timeOfId('ws_00000000000000000000000000')).toBe('1970-01-01T00:00:00.000Z');
  const before = Date.now();
  const time = Date.parse(timeOfId(newId('workspace')));
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(Date.now());
});
