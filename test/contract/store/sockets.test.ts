import { setTimeout as pause } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { subscribeToLog } from '../../../functions/socket/message/subscribe-to-log.ts';
import { appendLog } from '../../../shared/actions/append-log.ts';
import type { SendToSocket } from '../../../shared/actions/engine.ts';
import type { ServerMessage } from '../../../shared/contracts/socket.ts';
import { newId, newSecret } from '../../../shared/runtime/ids.ts';
import { keys } from '../../../shared/store/keys.ts';
import { logStore } from '../../../shared/store/log-store.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { logLines, queuedRun } from '../../support/builders.ts';
import { freshScope } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
let traffic: Table;
beforeAll(async () => {
  emulated = await startTables();
  ({ core, traffic } = emulated);
});
afterAll(() => emulated.stop());

const ownerIn = (scope: WorkspaceScope, principalId = 'user-1') => ({
  workspaceId: scope.workspaceId,
  principalId,
});
const connect = async (scope: WorkspaceScope, principalId?: string): Promise<string> => {
  const [ticket, connectionId] = [newSecret(), newSecret()];
  await socketStore(traffic).putTicket(ticket, ownerIn(scope, principalId), 60);
  await socketStore(traffic).connect(ticket, connectionId);
  return connectionId;
};

describe('a ticket', () => {
  test('opens one connection and tells whose it is', async () => {
    const scope = freshScope();
    const ticket = newSecret();
    const store = socketStore(traffic);
    await store.putTicket(ticket, ownerIn(scope), 60);
    expect(await store.connect(ticket, 'connection-1')).toEqual(ownerIn(scope));
    expect(await store.connect(ticket, 'connection-2')).toBeUndefined();
    expect(await store.ownerOf('connection-1')).toEqual(ownerIn(scope));
    expect(await store.ownerOf('connection-2')).toBeUndefined();
  });

  test('tried by ten at once is used by one', async () => {
    const ticket = newSecret();
    await socketStore(traffic).putTicket(ticket, ownerIn(freshScope()), 60);
    const tries = Array.from({ length: 10 }, () => socketStore(traffic).connect(ticket, newSecret()));
    expect((await Promise.all(tries)).filter((owner) => owner !== undefined)).toHaveLength(1);
  });

  test.each([
    ['has expired', -1],
    ['expires now', 0],
  ])('that %s is not good, although its row is still there', async (_case, seconds) => {
    const ticket = newSecret();
    await socketStore(traffic).putTicket(ticket, ownerIn(freshScope()), seconds);
    expect(await socketStore(traffic).connect(ticket, newSecret())).toBeUndefined();
  });

  test('that nobody gave out is not good', async () => {
    expect(await socketStore(traffic).connect(newSecret(), newSecret())).toBeUndefined();
  });
});

describe('subscriptions', () => {
  test('are listed by topic and workspace, and end with unsubscribe (S53)', async () => {
    const [scope, other] = [freshScope(), freshScope()];
    const store = socketStore(traffic);
    const [a, b] = [await connect(scope), await connect(other)];
    await store.subscribeToRuns(scope, a);
    await store.subscribeToRuns(other, b);
    expect(await store.subscribeToLog(scope, a, { runId: 'run_1', lastSeq: 0 })).toBe(true);
    expect(await store.runSubscribers(scope)).toEqual([a]);
    expect(await store.logSubscribers(scope, 'run_1')).toEqual([{ connectionId: a, sentUpTo: 0 }]);
    expect(await store.logSubscribers(other, 'run_1')).toEqual([]);
    await store.unsubscribe(scope, a);
    await store.unsubscribe(scope, a, 'run_1');
    expect(await store.runSubscribers(scope)).toEqual([]);
    expect(await store.logSubscribers(scope, 'run_1')).toEqual([]);
  });

  test('go live only from the line where the log stands', async () => {
    const scope = freshScope();
    const connection = await connect(scope);
    const store = socketStore(traffic);
    await logStore(traffic, scope, 'run_2').append(logLines(1, 5));
    expect(await store.subscribeToLog(scope, connection, { runId: 'run_2', lastSeq: 0 })).toBe(false);
    expect(await store.subscribeToLog(scope, connection, { runId: 'run_2', lastSeq: 4 })).toBe(false);
    expect(await store.logSubscribers(scope, 'run_2')).toEqual([]);
    expect(await store.subscribeToLog(scope, connection, { runId: 'run_2', lastSeq: 5 })).toBe(true);
  });

  test('of a connection that is gone are refused', async () => {
    const scope = freshScope();
    await expect(socketStore(traffic).subscribeToRuns(scope, newSecret())).rejects.toThrow(WriteRefused);
    const log = { runId: 'run_3', lastSeq: 0 };
    expect(await socketStore(traffic).subscribeToLog(scope, newSecret(), log)).toBe(false);
  });

  test('are all forgotten with their connection, however many there are', async () => {
    const scope = freshScope();
    const connection = await connect(scope);
    const store = socketStore(traffic);
    await store.subscribeToRuns(scope, connection);
    for (let n = 0; n < 60; n += 1)
      await store.subscribeToLog(scope, connection, { runId: `r${n}`, lastSeq: 0 });
    await store.disconnect(connection);
    await store.disconnect(connection);
    expect(await store.runSubscribers(scope)).toEqual([]);
    expect(await store.logSubscribers(scope, 'r59')).toEqual([]);
    expect(await traffic.query({ pk: `CONN#${connection}`, prefix: '' })).toEqual([]);
  });

  test('of one who may no longer listen are forgotten at once, and no others (S37)', async () => {
    const [scope, other] = [freshScope(), freshScope()];
    const store = socketStore(traffic);
    const gone = [await connect(scope, 'bob'), await connect(scope, 'bob')];
    const stay = await connect(scope, 'ada');
    const elsewhere = await connect(other, 'bob');
    for (const id of [...gone, stay]) await store.subscribeToRuns(scope, id);
    await store.subscribeToRuns(other, elsewhere);
    expect(await store.disconnectAll(scope, 'bob')).toBe(2);
    expect(await store.runSubscribers(scope)).toEqual([stay]);
    expect(await store.runSubscribers(other)).toEqual([elsewhere]);
    for (const id of gone) expect(await store.ownerOf(id)).toBeUndefined();
    expect(await store.disconnectAll(scope, 'bob')).toBe(0);
    expect(await store.disconnectAll(scope)).toBe(1);
    expect(await store.runSubscribers(scope)).toEqual([]);
  });
});

/** A client that takes a hole for a fault, and a line that it has already too. */
const follower = (afterSeq: number) => {
  const seen: number[] = [];
  const messages: ServerMessage[] = [];
  let last = afterSeq;
  return {
    seen,
    messages,
    take: (message: ServerMessage) => {
      messages.push(message);
      if (message.type !== 'log') return;
      if (message.fromSeq > last + 1) throw new Error(`a hole: ${message.fromSeq} after ${last}`);
      for (const { seq } of message.lines) {
        if (seq <= last) throw new Error(`line ${seq} again, after ${last}`);
        seen.push(seq);
        last = seq;
      }
    },
  };
};

describe('from backlog to live', () => {
  const putRun = async (scope: WorkspaceScope, status: 'Running' | 'Failed'): Promise<string> => {
    const run = queuedRun({ id: newId('run'), workspaceId: scope.workspaceId, status });
    await core.write([{ put: { ...keys.run(scope, run.id), row: 'run', ...run } }]);
    return run.id;
  };

  test('no line is missing, whenever somebody subscribes while lines are written (S45, S54, S74)', async () => {
    const chunks = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 });
    const situation = fc.record({
      before: fc.integer({ min: 0, max: 12 }),
      chunks,
      afterSeq: fc.integer({ min: 0, max: 14 }),
      delay: fc.integer({ min: 0, max: 25 }),
    });
    await fc.assert(
      fc.asyncProperty(situation, async ({ before, chunks, afterSeq, delay }) => {
        const scope = freshScope();
        const runId = await putRun(scope, 'Running');
        const connectionId = await connect(scope);
        const client = follower(afterSeq);
        const send: SendToSocket = async (id, message) => {
          if (id === connectionId) client.take(message);
          return 'sent';
        };
        const engine = { core, traffic, send };
        if (before > 0) await appendLog(engine, scope, runId, logLines(1, before));
        const write = async () => {
          let next = before + 1;
          for (const size of chunks) {
            await appendLog(engine, scope, runId, logLines(next, next + size - 1));
            next += size;
          }
          return next - 1;
        };
        const follow = async () => {
          await pause(delay);
          await subscribeToLog({ ...engine, connectionId, scope }, { runId, afterSeq });
        };
        const [last] = await Promise.all([write(), follow()]);
        const expected = Array.from({ length: Math.max(0, last - afterSeq) }, (_, n) => afterSeq + 1 + n);
        expect(client.seen).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('a long backlog comes in messages below 32 KB, in order (S73)', async () => {
    const scope = freshScope();
    const runId = await putRun(scope, 'Failed');
    const connectionId = await connect(scope);
    const client = follower(100);
    const send: SendToSocket = async (_, message) => {
      client.take(message);
      return 'sent';
    };
    const log = logStore(traffic, scope, runId);
    for (let from = 1; from <= 3000; from += 500) {
      await log.append(logLines(from, from + 499).map((line) => ({ ...line, text: '"\\'.repeat(60) })));
    }
    await log.close();
    await subscribeToLog({ core, traffic, send, connectionId, scope }, { runId, afterSeq: 100 });
    expect(client.seen).toHaveLength(2900);
    expect(client.messages.every((one) => Buffer.byteLength(JSON.stringify(one)) < 32_000)).toBe(true);
    expect(client.messages[0]).toMatchObject({ type: 'subscribed', lastSeq: 3000 });
    expect(client.messages.at(-1)).toEqual({ type: 'log-end', runId, lastSeq: 3000, status: 'Failed' });
  });

  test('a run that is not in the workspace is not found (S37)', async () => {
    const runId = await putRun(freshScope(), 'Running');
    const scope = freshScope();
    const sent: ServerMessage[] = [];
    const send: SendToSocket = async (_, message) => {
      sent.push(message);
      return 'sent';
    };
    const connectionId = await connect(scope);
    await subscribeToLog({ core, traffic, send, connectionId, scope }, { runId, afterSeq: 0 });
    expect(sent).toEqual([expect.objectContaining({ type: 'error', code: 'not-found' })]);
  });

  test('a viewer that is gone is forgotten by the next push, and nobody else misses a line', async () => {
    const scope = freshScope();
    const runId = await putRun(scope, 'Running');
    const [gone, there] = [await connect(scope), await connect(scope)];
    for (const id of [gone, there]) {
      await socketStore(traffic).subscribeToLog(scope, id, { runId, lastSeq: 0 });
    }
    const client = follower(0);
    const send: SendToSocket = async (id, message) => {
      if (id === gone) return 'gone';
      client.take(message);
      return 'sent';
    };
    await appendLog({ traffic, send }, scope, runId, logLines(1, 4));
    expect(client.seen).toEqual([1, 2, 3, 4]);
    expect(await socketStore(traffic).logSubscribers(scope, runId)).toEqual([
      { connectionId: there, sentUpTo: 0 },
    ]);
    expect(await socketStore(traffic).ownerOf(gone)).toBeUndefined();
  });
});
