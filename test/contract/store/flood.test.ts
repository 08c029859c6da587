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
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { logLines, queuedRun } from '../../support/builders.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { freshScope } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

/**
 * A build that says more than anybody reads (F31). Nothing is left out, neither in the store nor for who watches: a runner
 * has one chunk under way, and sends the next when the last is stored and pushed, so that viewers slow it down.
 */

let emulated: Emulated;
beforeAll(async () => {
  emulated = await startTables();
});
afterAll(() => emulated.stop());
const memory = { core: memoryTable(), traffic: memoryTable() };

const CHUNK = 500;
const LINES = 25_000;
const VIEWERS = 5;
/** What API Gateway takes of one message to a socket (WebSocket quotas: a frame of 32 KB). */
const MESSAGE_BYTES = 32_768;

type LogMessage = Extract<ServerMessage, { type: 'log' }>;

/** A run, and what each connection was sent about it. */
const openLog = async ({ core, traffic }: { core: Table; traffic: Table }) => {
  const scope: WorkspaceScope = freshScope();
  const run = queuedRun({ id: newId('run'), workspaceId: scope.workspaceId, status: 'Running' });
  await core.write([{ put: { ...keys.run(scope, run.id), row: 'run', ...run } }]);
  const sent = new Map<string, LogMessage[]>();
  const send: SendToSocket = async (to, message) => {
    if (message.type === 'log') sent.set(to, [...(sent.get(to) ?? []), message]);
    return 'sent';
  };
  const engine = { core, traffic, send };
  return {
    sent,
    log: logStore(traffic, scope, run.id),
    connect: async (): Promise<string> => {
      const [ticket, id] = [newSecret(), newSecret()];
      const owner = { workspaceId: scope.workspaceId, principalId: 'user-1' };
      await socketStore(traffic).putTicket(ticket, owner, 60);
      await socketStore(traffic).connect(ticket, id);
      await subscribeToLog({ ...engine, connectionId: id, scope }, { runId: run.id, afterSeq: 0 });
      return id;
    },
    append: (from: number, to: number) => appendLog(engine, scope, run.id, logLines(from, to)),
  };
};

const seqsOf = (messages: LogMessage[] = []) =>
  messages.flatMap(({ lines }) => lines.map((line) => line.seq));
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe.each([
  ['DynamoDB', () => emulated],
  ['memory', () => memory],
] as const)('a flood of lines in %s (F31)', (_name, tables) => {
  test('is stored whole, and each viewer sees it whole, whenever it came, in messages that a socket takes', async () => {
    const { append, connect, log, sent } = await openLog(tables());
    const viewers: string[] = [];
    for (let from = 1; from <= LINES; from += CHUNK) {
      if (from % (LINES / VIEWERS) === 1) viewers.push(await connect());
      await append(from, from + CHUNK - 1);
    }

    const stored: number[] = [];
    for await (const { seq } of log.read({ afterSeq: 0, beforeSeq: Infinity, newestFirst: false }))
      stored.push(seq);
    expect(stored).toEqual(numbers(1, LINES));
    expect(viewers).toHaveLength(VIEWERS);
    for (const viewer of viewers) expect(seqsOf(sent.get(viewer))).toEqual(numbers(1, LINES));
    const sizes = [...sent.values()].flat().map((message) => Buffer.byteLength(JSON.stringify(message)));
    expect(Math.max(...sizes)).toBeLessThan(MESSAGE_BYTES);
  }, 120_000);
});
