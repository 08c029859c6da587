import { expect, test } from 'vitest';
import { KeyedLock } from '../../../../infra/local/standins/ec2/vm/keyed-lock.ts';

test('runs jobs of one key in order and jobs of different keys at the same time', async () => {
  const lock = new KeyedLock();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const slow = lock.run('a', () => gate.promise.then(() => seen.push('a1')));
  const next = lock.run('a', async () => seen.push('a2'));
  await lock.run('b', async () => seen.push('b1'));
  gate.resolve();
  await Promise.all([slow, next]);
  expect(seen).toEqual(['b1', 'a1', 'a2']);
});

test('goes on after a job that failed, and passes the failure on', async () => {
  const lock = new KeyedLock();
  const failed = lock.run('a', () => Promise.reject(new Error('no')));
  const next = lock.run('a', async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
