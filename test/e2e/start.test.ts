/** `npm start` and `npm stop`, one after the other on the same folder, as a day at a desk goes. */
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { followRun } from '../../infra/local/follow/follow-run.ts';
import { ApiClient } from '../../infra/local/seed/api-client.ts';
import { runSchema } from '../../shared/contracts/entities/run.ts';
import { CommandLine } from '../support/command-line.ts';

const idsSchema = z.looseObject({ items: z.array(z.looseObject({ id: z.string(), name: z.string() })) });

let desk: CommandLine;
beforeAll(async () => {
  desk = await CommandLine.create();
});
afterAll(() => desk.remove());

const client = async () => {
  const { apiUrl, token, workspaceId } = await desk.readLocal();
  return { api: new ApiClient(apiUrl, token), base: `/v1/workspaces/${workspaceId}`, workspaceId };
};
const findQuickStart = async () => {
  const { api, base } = await client();
  const { items } = await api.get(`${base}/image-definitions`, idsSchema);
  expect(items).toMatchObject([{ name: 'QuickStart' }]);
  return items[0]?.id ?? '';
};
const startRun = async () => {
  const { api, base } = await client();
  return api.post(`${base}/image-definitions/${await findQuickStart()}/runs`, {}, runSchema);
};
/** Follows a run over the WebSocket to its end, or until a line matches. */
const follow = async (runId: string, until?: RegExp) => {
  const { api, workspaceId } = await client();
  const enough = new AbortController();
  const onLine = ({ text }: { text: string }) => until?.test(text) === true && enough.abort();
  const listener = { onLine, onStep: () => {}, onRun: () => {} };
  const run = followRun({ api, workspaceId, runId, listener, signal: enough.signal });
  return run.catch((error: unknown) => {
    if (!enough.signal.aborted) throw error;
    return undefined;
  });
};

test('a detached start returns when the API answers, beside another stack', async () => {
  const start = desk.run('start', '--detach');
  await start.succeeded();
  expect(start.output()).toContain('Goldsmith is up');
  const { api } = await client();
  await expect(api.get('/v1/me', z.looseObject({ kind: z.literal('user') }))).resolves.toBeDefined();
  const other = inject('localStack');
  expect((await desk.readLocal()).apiUrl).not.toBe(other.apiUrl);
  expect((await fetch(`${other.apiUrl}/v1/health`)).status).toBe(200);
});

test('a second start says that one runs already', async () => {
  const start = desk.run('start', '--detach');
  expect(await start.ended).toBe(1);
  expect(start.output()).toContain('already runs from this folder');
});

test('when the emulator is killed under a build everything ends; the next start says what is lost and a new run Succeeds', async () => {
  const lost = await startRun();
  await follow(lost.id, /Waiting for SSH/);
  expect(await desk.programs()).toContain('qemu-system-x86_64');
  process.kill(await desk.emulatorPid(), 'SIGKILL');
  await expect.poll(() => desk.programs(), { timeout: 20_000 }).toEqual([]);
  await expect
    .poll(() => stat(desk.paths.supervisorFile).catch(() => 'gone'), { timeout: 20_000 })
    .toBe('gone');

  const start = desk.run('start', '--detach');
  await start.succeeded();
  expect(start.output()).toMatch(/go back to their last common save.* is lost.*/);
  expect(start.output()).toContain(lost.id);
  const { api, base } = await client();
  await expect(api.get(`${base}/runs/${lost.id}`, runSchema)).rejects.toThrow('404');
  const run = await startRun();
  expect(await follow(run.id)).toMatchObject({ status: 'Succeeded', number: lost.number });
});

test('after a stop nothing runs, and the next start knows the image', async () => {
  const { api, base } = await client();
  const path = `${base}/image-definitions/${await findQuickStart()}/image-versions`;
  const before = await api.get(path, idsSchema);
  expect(before.items).toHaveLength(1);
  const stop = desk.run('stop');
  await stop.succeeded();
  expect(await desk.programs()).toEqual([]);
  await expect(stat(desk.paths.localFile)).rejects.toThrow('ENOENT');

  const start = desk.run('start', '--detach');
  await start.succeeded();
  expect(start.output()).not.toContain('lost');
  const again = await client();
  expect(await again.api.get(path, idsSchema)).toEqual(before);
  await desk.run('stop').succeeded();
});

test('Ctrl-C under a build leaves no process behind, no VM either', async () => {
  const start = desk.run('start');
  await start.printed('Waiting for SSH');
  expect(await desk.programs()).toContain('qemu-system-x86_64');
  start.process.kill('SIGINT');
  await start.succeeded();
  expect(await desk.programs()).toEqual([]);
  await expect(stat(desk.paths.temporary)).rejects.toThrow('ENOENT');
});
