import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { claimAnswerSchema } from '../../shared/contracts/agent-protocol.ts';
import { socketTicketSchema } from '../../shared/contracts/entities/workspace.ts';
import { type ServerMessage, serverMessageSchema } from '../../shared/contracts/socket.ts';
import { socketStore } from '../../shared/store/socket-store.ts';
import type { Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { logLines } from '../support/builders.ts';
import { PATIENCE_SECONDS, until } from '../support/e2e-wait.ts';
import { call, makeWorkspace, problem, type TestWorkspace } from './client.ts';
import { deployedFunction, openTables } from './inside.ts';
import { makePerson } from './person.ts';
import { CLAIM_TOKEN, makeRunning } from './running.ts';

let core: Table;
let traffic: Table;
beforeAll(async () => {
  ({ core, traffic } = await openTables());
});
const open: WebSocket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

const ticketFor = async (workspace: TestWorkspace, headers: Record<string, string> = {}, token?: string) => {
  const asked = { headers, ...(token !== undefined && { token }) };
  return socketTicketSchema.parse((await workspace.at('POST', '/socket-tickets', asked)).body);
};
const typesOf = ({ messages }: { messages: ServerMessage[] }) => messages.map(({ type }) => type);

/** Connects; undefined when the upgrade is refused. */
const connect = async (url: string) => {
  const socket = new WebSocket(url);
  open.push(socket);
  const messages: ServerMessage[] = [];
  socket.addEventListener('message', ({ data }) => {
    messages.push(serverMessageSchema.parse(JSON.parse(String(data))));
  });
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true));
    socket.addEventListener('error', () => resolve(false));
  });
  const say = (message: unknown) =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  const hear = (type: ServerMessage['type'], count = 1) =>
    until(`${count} × ${type}`, PATIENCE_SECONDS, () => {
      const heard = messages.filter((message) => message.type === type);
      return heard.length >= count ? heard : undefined;
    });
  return isOpen ? { say, hear, messages } : undefined;
};
const join = async (workspace: TestWorkspace, token?: string) => {
  const { url, ticket } = await ticketFor(workspace, {}, token);
  const socket = await connect(`${url}?ticket=${ticket}`);
  if (socket === undefined) throw new Error('the upgrade was refused');
  return socket;
};

describe('a ticket', () => {
  test('opens one connection; bad, used and absent ones are refused', async () => {
    const workspace = await makeWorkspace();
    const { url, ticket, expiresAt } = await ticketFor(workspace);
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(50_000);
    expect(await connect(`${url}?ticket=${ticket}`)).toBeDefined();
    expect(await connect(`${url}?ticket=${ticket}`)).toBeUndefined();
    expect(await connect(`${url}?ticket=${'x'.repeat(43)}`)).toBeUndefined();
    expect(await connect(url)).toBeUndefined();
  });

  test('is shown once for its idempotency key', async () => {
    const workspace = await makeWorkspace();
    const headers = { 'idempotency-key': 'ticket-1' };
    const { url, ticket } = await ticketFor(workspace, headers);
    const again = await workspace.at('POST', '/socket-tickets', { headers });
    expect([again.status, problem(again).code]).toEqual([409, 'already-answered']);
    expect(await connect(`${url}?ticket=${ticket}`)).toBeDefined();
  });

  test('may be asked for by a viewer', async () => {
    const workspace = await makeWorkspace();
    const token = await workspace.token('viewer');
    expect((await workspace.at('POST', '/socket-tickets', { token })).status).toBe(201);
  });
});

describe('a connection', () => {
  test('answers pings, and nonsense with an error', async () => {
    const { say, hear } = await join(await makeWorkspace());
    say({ action: 'ping' });
    await hear('pong');
    say('nonsense');
    say({ action: 'subscribe', topic: 'weather' });
    expect(await hear('error', 2)).toMatchObject([{ code: 'bad-message' }, { code: 'bad-message' }]);
  });

  test('sees the log of a run from its beginning to its end, without hole or repeat (S45, S54, S73, S74)', async () => {
    const { workspace, run } = await makeRunning(core, { bundle: undefined });
    const running = await makeRunning(core);
    const base = `/v1/agent/workspaces/${running.workspace.id}/runs/${running.run.id}`;
    const runnerBody = {
      runnerId: 'runner-0123456789',
      runnerVersion: '1',
      packerVersion: '1',
      hostname: 'h',
    };
    const claim = await call('POST', `${base}/claim`, { token: CLAIM_TOKEN, body: runnerBody });
    const { leaseToken } = claimAnswerSchema.parse(claim.body);
    const send = (from: number, to: number) =>
      call('POST', `${base}/log`, { token: leaseToken, body: { lines: logLines(from, to) } });
    await send(1, 40);
    const viewer = await join(running.workspace);
    viewer.say({ action: 'subscribe', topic: 'log', runId: running.run.id, afterSeq: 10 });
    for (let from = 41; from <= 100; from += 5) await send(from, from + 4);
    const seen = () =>
      viewer.messages.flatMap((message) =>
        message.type === 'log' ? message.lines.map((line) => line.seq) : [],
      );
    await until('line 100', PATIENCE_SECONDS, () => seen().at(-1) === 100);
    expect([...new Set(seen())]).toEqual(Array.from({ length: 90 }, (_, n) => n + 11));

    const stranger = await join(workspace);
    stranger.say({ action: 'subscribe', topic: 'log', runId: running.run.id });
    expect(await stranger.hear('error')).toMatchObject([{ code: 'not-found' }]);
    expect(run.id).not.toBe(running.run.id);
  });

  test('is told of every change of a run, with a rising rev, and of its end (S51, S52, S72)', async () => {
    const { workspace, run } = await makeRunning(core, {
      verdict: { outcome: 'stopped' },
      bundle: undefined,
    });
    const viewer = await join(workspace);
    viewer.say({ action: 'subscribe', topic: 'runs' });
    viewer.say({ action: 'subscribe', topic: 'log', runId: run.id });
    await viewer.hear('subscribed', 2);
    const finish = await deployedFunction('FinishFunction');
    await finish.invoke({ workspaceId: workspace.id, runId: run.id });
    const [told] = await viewer.hear('run');
    expect(told).toMatchObject({ run: { id: run.id, status: 'Stopped', rev: run.rev + 1 } });
    const [end] = await viewer.hear('log-end');
    expect(end).toMatchObject({ runId: run.id, status: 'Stopped', lastSeq: 1 });
  });

  test('of who is no member any more hears nothing, and opens no ear again (S37)', async () => {
    const { workspace, run } = await makeRunning(core, {
      verdict: { outcome: 'stopped' },
      bundle: undefined,
    });
    const { id, token } = await makePerson();
    await workspace.at('PUT', `/members/${id}`, { body: { role: 'viewer' } });
    const [gone, silent, stays] = [
      await join(workspace, token),
      await join(workspace, token),
      await join(workspace),
    ];
    for (const viewer of [gone, stays]) {
      viewer.say({ action: 'subscribe', topic: 'runs' });
      await viewer.hear('subscribed');
    }
    expect((await workspace.at('DELETE', `/members/${id}`)).status).toBe(204);
    silent.say({ action: 'subscribe', topic: 'runs' });
    // By now the connection may be forgotten; if not, it is told what a request would be told.
    const { runSubscribers } = socketStore(traffic);
    const left = () => runSubscribers(scopeTo(workspace.id));
    await until('one listener', PATIENCE_SECONDS, async () =>
      (await left()).length === 1 ? true : undefined,
    );
    const finish = await deployedFunction('FinishFunction');
    await finish.invoke({ workspaceId: workspace.id, runId: run.id });
    await stays.hear('run');
    for (const viewer of [gone, silent]) expect(typesOf(viewer)).not.toContain('run');
    expect(typesOf(silent)).not.toContain('subscribed');
  });

  test('that switched the log off hears no more of it (S53)', async () => {
    const { workspace, run } = await makeRunning(core, {
      verdict: { outcome: 'stopped' },
      bundle: undefined,
    });
    const viewer = await join(workspace);
    viewer.say({ action: 'subscribe', topic: 'log', runId: run.id });
    await viewer.hear('subscribed');
    viewer.say({ action: 'unsubscribe', topic: 'log', runId: run.id });
    await viewer.hear('unsubscribed');
    viewer.say({ action: 'subscribe', topic: 'runs' });
    await viewer.hear('subscribed', 2);
    const finish = await deployedFunction('FinishFunction');
    await finish.invoke({ workspaceId: workspace.id, runId: run.id });
    await viewer.hear('run');
    expect(viewer.messages.filter((one) => one.type === 'log' || one.type === 'log-end')).toEqual([]);
  });
});
