import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { QuietSaver } from '../../../../infra/local/stack/quiet-saver.ts';
import { Saves } from '../../../../infra/local/stack/saves.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goldsmith-saves-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const info = { savedAt: '2026-01-02T03:04:05.000Z', outputs: {}, vpcCidr: '127.9.0.0/16', basePort: 4600 };
const writeEmulator = async (saves: Saves, text: string) => {
  await mkdir(join(saves.workingEmulator, 's3'), { recursive: true });
  await writeFile(join(saves.workingEmulator, 'dynamodb.json'), text);
  await writeFile(join(saves.workingEmulator, 's3', 'object'), 'content');
};
const readEmulator = (saves: Saves, name = 'dynamodb.json') =>
  readFile(join(saves.workingEmulator, name), 'utf8');

test('a crashed session goes back to the last save, of both accounts together', async () => {
  const saves = new Saves(folder);
  expect(await saves.open()).toBeUndefined();
  await writeEmulator(saves, 'first');
  await saves.write(info, (file) => writeFile(file, 'account'));
  await writeEmulator(saves, 'second, never saved');

  const next = new Saves(folder);
  expect(await next.findCrash()).toBeInstanceOf(Date);
  const opened = await next.open();
  expect(opened?.info).toEqual(info);
  expect(await readFile(opened?.ec2File ?? '', 'utf8')).toBe('account');
  expect(await readEmulator(next)).toBe('first');
  expect(await readEmulator(next, 's3/object')).toBe('content');
});

test('a save that was not finished is not used', async () => {
  const saves = new Saves(folder);
  await saves.open();
  await writeEmulator(saves, 'first');
  await saves.write(info, (file) => writeFile(file, 'account'));
  await writeEmulator(saves, 'second');
  const failed = saves.write(info, () => Promise.reject(new Error('the account is gone')));
  await expect(failed).rejects.toThrow('the account is gone');
  const next = new Saves(folder);
  await next.open();
  expect(await readEmulator(next)).toBe('first');
});

test('a session that ended well is no crash', async () => {
  const saves = new Saves(folder);
  await saves.open();
  await saves.close();
  expect(await saves.findCrash()).toBeUndefined();
});

test('two saves stay', async () => {
  const saves = new Saves(folder);
  await saves.open();
  for (const text of ['1', '2', '3', '4']) {
    await writeEmulator(saves, text);
    await saves.write(info, (file) => writeFile(file, text));
  }
  const kept = (number: number) => readFile(join(folder, 'saves', String(number), 'ec2.pickle'), 'utf8');
  await expect(kept(2)).rejects.toThrow('ENOENT');
  expect([await kept(3), await kept(4)]).toEqual(['3', '4']);
});

/** A saver whose emulator tells these activities, one for each look, and then the last one for ever. */
async function countSaves(...activities: { requests: number; executions: number }[]): Promise<number> {
  vi.useFakeTimers();
  let saved = 0;
  let look = 0;
  const activity = async () =>
    activities[Math.min(look++, activities.length - 1)] ?? { requests: 0, executions: 0 };
  const saver = new QuietSaver({ activity }, async () => void (saved += 1), 10);
  await vi.advanceTimersByTimeAsync(10 * activities.length);
  await saver.stop();
  vi.useRealTimers();
  return saved;
}

test('saves once when requests have been made and no more come', async () => {
  const quiet = { requests: 7, executions: 0 };
  expect(await countSaves(quiet, quiet, quiet, quiet)).toBe(1);
});

test('saves nothing while a run is under way, and once after it', async () => {
  const busy = { requests: 7, executions: 1 };
  expect(await countSaves(busy, busy, busy)).toBe(0);
  expect(await countSaves(busy, busy, { requests: 9, executions: 0 }, { requests: 9, executions: 0 })).toBe(
    1,
  );
});

test('saves now and then though requests never cease', async () => {
  const looks = Array.from({ length: 40 }, (_, index) => ({ requests: index + 1, executions: 0 }));
  expect(await countSaves(...looks)).toBe(2);
});
