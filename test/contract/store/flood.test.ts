import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { subscribeToLog } from '../../../functions/socket/message/subscribe-to-log.ts';
import { appendLog } from '../../../shared/actions/append-log.ts';
import type { SendToSocket } from '../../../shared/actions/engine.ts';
import type { ServerMessage } from '../../../shared/contracts/socket.ts';
import { LIVE_BURST, LIVE_LINES_A_SECOND } from '../../../shared/domain/run/live-lines.ts';
import { newId, newSecret } from '../../../shared/runtime/ids.ts';
import { keys } from '../../../shared/store/keys.ts';
import { logStore } from '../../../shared/store/log-store.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { logLines, queuedRun } from '../../support/builders.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { freshScope } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

/** A build that says a million lines a minute: the store has them all, who watches has what can be watched (F31). */

let emulated: Emulated;
beforeAll(async () => {
  emulated = await startTables();
});
afterAll(() => emulated.stop());
const memory = { core: memoryTable(), traffic: memoryTable() };

const CHUNK = 500;
const LINES = 100_000;
/** A million lines a minute in chunks of 500. */
const CHUNK_MS = 30;
const VIEWERS = 20;

type LogMessage = Extract<ServerMessage, { type: 'log' }>;

/** A run, and what each connection was sent about it. The time of the tables is the test's. */
const openLog = async ({ core, traffic: real }: { core: Table; traffic: Table }) => {
  let now = Date.now();
  const traffic: Table = { ...real, clock: { now: () => now, pause: () => Promise.resolve() } };
  const scope: WorkspaceScope = freshScope();
  const run = queuedRun({ id: newId('run'), workspaceId: scope.workspaceId, status: 'Running' });
  await core.write([{ put: { ...keys.run(scope, run.id), row: 'run', ...run } }]);
  const sent = new Map<string, LogMessage[]>();
  const send: SendToSocket = async (to, message) => {
    if (message.type === 'log') sent.set(to, [...(sent.get(to) ?? []), message]);
    return 'sent';
  };
  const engine = { core, traffic, send };
  const watch = (connectionId: string, afterSeq: number) =>
    subscribeToLog({ ...engine, connectionId, scope }, { runId: run.id, afterSeq });
  return {
    sent,
    log: logStore(traffic, scope, run.id),
    watch,
    connect: async (): Promise<string> => {
      const [ticket, id] = [newSecret(), newSecret()];
      const owner = { workspaceId: scope.workspaceId, principalId: 'user-1' };
      await socketStore(traffic).putTicket(ticket, owner, 60);
      await socketStore(traffic).connect(ticket, id);
      await watch(id, 0);
      return id;
    },
    append: (from: number, to: number) => appendLog(engine, scope, run.id, logLines(from, to)),
    pass: (milliseconds: number) => void (now += milliseconds),
  };
};

const seqsOf = (messages: LogMessage[] = []) =>
  messages.flatMap(({ lines }) => lines.map((line) => line.seq));
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe.each([
  ['DynamoDB', () => emulated],
  ['memory', () => memory],
] as const)('a flood of 100,000 lines in %s (F31)', (_name, tables) => {
  test('is stored whole; each of many viewers gets so much a second, knows what it missed, and can ask for it', async () => {
    const { append, connect, log, pass, sent, watch } = await openLog(tables());
    const viewers = await Promise.all(Array.from({ length: VIEWERS }, connect));
    for (let from = 1; from <= LINES; from += CHUNK) {
      await append(from, from + CHUNK - 1);
      pass(CHUNK_MS);
    }

    const stored: number[] = [];
    for await (const { seq } of log.read({ afterSeq: 0, beforeSeq: Infinity, newestFirst: false }))
      stored.push(seq);
    expect(stored).toEqual(numbers(1, LINES));

    const chunks = LINES / CHUNK;
    const most = LIVE_BURST + ((chunks * CHUNK_MS) / 1000) * LIVE_LINES_A_SECOND + chunks;
    for (const viewer of viewers) {
      const messages = sent.get(viewer) ?? [];
      expect(seqsOf(messages).length).toBeLessThanOrEqual(most);
      // Once the burst is over a chunk is one message.
      expect(messages.slice(-100).map(({ toSeq }) => toSeq)).toEqual(
        numbers(chunks - 99, chunks).map((chunk) => chunk * CHUNK),
      );
      let last = 0;
      for (const { fromSeq, toSeq, skipped = 0 } of messages) {
        expect(fromSeq - skipped).toBe(last + 1);
        last = toSeq;
      }
      expect(last).toBe(LINES);
    }

    const [viewer = ''] = viewers;
    const hole = sent.get(viewer)?.find(({ skipped }) => skipped !== undefined);
    const known = (hole?.fromSeq ?? 0) - (hole?.skipped ?? 0) - 1;
    expect(known).toBeGreaterThanOrEqual(LIVE_BURST);
    sent.clear();
    await watch(viewer, known);
    expect(seqsOf(sent.get(viewer))).toEqual(numbers(known + 1, LINES));
    pass(1000);
    await append(LINES + 1, LINES + CHUNK);
    expect(seqsOf(sent.get(viewer))).toEqual(numbers(known + 1, LINES + CHUNK));
  }, 120_000);
});

test('who comes in the middle of a flood that is faster than a socket is live before it ends, and knows what it missed (F31)', async () => {
  const { core, traffic: real } = memory;
  let now = Date.now();
  const traffic: Table = { ...real, clock: { now: () => now, pause: () => Promise.resolve() } };
  const scope = freshScope();
  const run = queuedRun({ id: newId('run'), workspaceId: scope.workspaceId, status: 'Running' });
  await core.write([{ put: { ...keys.run(scope, run.id), row: 'run', ...run } }]);
  const log = logStore(traffic, scope, run.id);
  let [next, due] = [1, now];
  const flood = async () => {
    for (; due <= now && next <= LINES; due += CHUNK_MS) {
      await log.append(logLines(next, next + 199).map((line) => ({ ...line, text: 'x'.repeat(400) })));
      next += 200;
    }
  };
  const messages: LogMessage[] = [];
  const send: SendToSocket = async (_, message) => {
    if (message.type === 'log') messages.push(message);
    // About 70 of these lines are in a message, which takes 20 ms: half of what comes.
    now += 20;
    await flood();
    return 'sent';
  };
  await flood();
  const ticket = newSecret();
  await socketStore(traffic).putTicket(ticket, { workspaceId: scope.workspaceId, principalId: 'u' }, 60);
  await socketStore(traffic).connect(ticket, 'late');
  await subscribeToLog({ core, traffic, send, connectionId: 'late', scope }, { runId: run.id, afterSeq: 0 });

  expect(next).toBeLessThan(LINES);
  expect(messages.some(({ skipped }) => skipped !== undefined)).toBe(true);
  let last = 0;
  for (const { fromSeq, toSeq, skipped = 0 } of messages) {
    expect(fromSeq - skipped).toBe(last + 1);
    last = toSeq;
  }
  expect(await socketStore(traffic).logSubscribers(scope, run.id)).toEqual([
    { connectionId: 'late', sentUpTo: last },
  ]);
});
