import * as z from 'zod';
import { sha256 } from '../domain/sha256.ts';
import { type Clock, expiryIn } from './clock.ts';
import { trafficKeys } from './keys.ts';
import type { Table } from './table.ts';
import { WriteRefused } from './write-refused.ts';
import { scopeTo, type WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const ownerSchema = z.object({ workspaceId: z.string(), principalId: z.string() });
export type SocketOwner = z.infer<typeof ownerSchema>;
const topicSchema = z.object({ topic: z.string() });

/** Who listens to a log, and the last line that was sent before going live: what is pushed begins after it. */
export type LogListener = { connectionId: string; sentUpTo: number };
/** Where a log must still stand, and the last line that the listener has, if that is another. */
type LogPlace = { runId: string; lastSeq: number; sentUpTo?: number };

/** A connection lasts at most two hours (API Gateway); its rows expire an hour after that at the latest. */
const CONNECTION_SECONDS = 3 * 3600;

const logTopic = (runId: string): string => `log#${runId}`;

/** Tickets, connections and who listens to what. */
export const socketStore = (table: Table) => ({
  putTicket: (ticket: string, owner: SocketOwner, seconds: number): Promise<void> =>
    table.write([
      {
        put: {
          ...trafficKeys.ticket(sha256(ticket)),
          row: 'socket-ticket',
          ...owner,
          expiresAt: expiryIn(table.clock, seconds),
        },
      },
    ]),

  connect: (ticket: string, connectionId: string) => connect(table, ticket, connectionId),

  ownerOf: async (connectionId: string): Promise<SocketOwner | undefined> => {
    const item = await table.get(trafficKeys.connection(connectionId));
    return item === undefined ? undefined : ownerSchema.parse(item);
  },

  subscribeToRuns: (scope: WorkspaceScope, connectionId: string): Promise<void> =>
    table.write(
      subscription(table.clock, connectionId, 'runs', trafficKeys.runSubscriber(scope, connectionId)),
    ),

  subscribeToLog: (scope: WorkspaceScope, connectionId: string, log: LogPlace) =>
    subscribeToLog(table, scope, connectionId, log),

  unsubscribe: (scope: WorkspaceScope, connectionId: string, runId?: string): Promise<void> => {
    const topic = runId === undefined ? 'runs' : logTopic(runId);
    return table.write([
      { delete: subscriberKey(scope, connectionId, topic) },
      { delete: trafficKeys.topic(connectionId, topic) },
    ]);
  },

  runSubscribers: (scope: WorkspaceScope) => subscribers(table, trafficKeys.runSubscribers(scope)),
  logSubscribers: async (scope: WorkspaceScope, runId: string): Promise<LogListener[]> => {
    const items = await table.query(trafficKeys.logSubscribers(scope, runId));
    return items.map((item) => ({
      connectionId: String(item['sk']),
      sentUpTo: Number(item['sentUpTo'] ?? 0),
    }));
  },

  disconnect: (connectionId: string) => disconnect(table, connectionId),

  /** Forgets all connections to a workspace, or those of one who may no longer listen. Answers how many. */
  disconnectAll: async (scope: WorkspaceScope, principalId?: string): Promise<number> => {
    const rows = await table.query(trafficKeys.connectionsOf(scope));
    const theirs = rows.filter((row) => principalId === undefined || row['principalId'] === principalId);
    for (const { sk } of theirs) {
      await disconnect(table, String(sk));
      await table.write([{ delete: trafficKeys.connectionOf(scope, String(sk)) }]);
    }
    return theirs.length;
  },
});

/** Consumes the ticket and writes the connection in one transaction; undefined when the ticket is not good. */
const connect = async (
  table: Table,
  ticket: string,
  connectionId: string,
): Promise<SocketOwner | undefined> => {
  const key = trafficKeys.ticket(sha256(ticket));
  const item = await table.get(key);
  if (item === undefined || Number(item['expiresAt']) <= table.clock.now() / 1000) return undefined;
  const owner = ownerSchema.parse(item);
  const connection = { ...trafficKeys.connection(connectionId), row: 'socket-connection' as const, ...owner };
  const used = await unlessRefused(
    table.write([
      { delete: key, if: { exists: true } },
      { put: { ...connection, expiresAt: expiryIn(table.clock, CONNECTION_SECONDS) } },
      {
        put: {
          ...trafficKeys.connectionOf(scopeTo(owner.workspaceId), connectionId),
          row: 'workspace-connection',
          principalId: owner.principalId,
          expiresAt: expiryIn(table.clock, CONNECTION_SECONDS),
        },
      },
    ]),
  );
  return used ? owner : undefined;
};

const unlessRefused = async (write: Promise<void>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof WriteRefused) return false;
    throw error;
  }
};

/**
 * Goes live in the log of a run if its last line is still `lastSeq`; false when lines came meanwhile. Whoever appends
 * reads the subscribers after its own write, so no line falls between backlog and live.
 */
const subscribeToLog = (
  table: Table,
  scope: WorkspaceScope,
  connectionId: string,
  { runId, lastSeq, sentUpTo = lastSeq }: LogPlace,
): Promise<boolean> => {
  const subscriber = trafficKeys.logSubscriber(scope, runId, connectionId);
  const head = trafficKeys.logHead(scope, runId);
  const unmoved: Write =
    lastSeq === 0
      ? { check: head, if: { absent: ['lastSeq'] } }
      : { check: head, if: { equals: { lastSeq } } };
  return unlessRefused(
    table.write([unmoved, ...subscription(table.clock, connectionId, logTopic(runId), subscriber, sentUpTo)]),
  );
};

/** Forgets a connection and all it listened to; of one that is gone already it does nothing. */
const disconnect = async (table: Table, connectionId: string): Promise<void> => {
  const item = await table.get(trafficKeys.connection(connectionId));
  if (item === undefined) return;
  const scope = scopeTo(ownerSchema.parse(item).workspaceId);
  const topics = (await table.query(trafficKeys.topics(connectionId))).map(
    (row) => topicSchema.parse(row).topic,
  );
  const writes = topics.flatMap((topic) => [
    { delete: subscriberKey(scope, connectionId, topic) },
    { delete: trafficKeys.topic(connectionId, topic) },
  ]);
  for (let start = 0; start < writes.length; start += 100)
    await table.write(writes.slice(start, start + 100));
  await table.write([
    { delete: trafficKeys.connection(connectionId) },
    { delete: trafficKeys.connectionOf(scope, connectionId) },
  ]);
};

const subscription = (
  clock: Clock,
  connectionId: string,
  topic: string,
  subscriber: { pk: string; sk: string },
  sentUpTo = 0,
): Write[] => {
  const expiresAt = expiryIn(clock, CONNECTION_SECONDS);
  return [
    { check: trafficKeys.connection(connectionId), if: { exists: true } },
    { put: { ...subscriber, row: 'socket-subscriber', sentUpTo, expiresAt } },
    { put: { ...trafficKeys.topic(connectionId, topic), row: 'socket-topic', topic, expiresAt } },
  ];
};

const subscriberKey = (scope: WorkspaceScope, connectionId: string, topic: string) =>
  topic === 'runs'
    ? trafficKeys.runSubscriber(scope, connectionId)
    : trafficKeys.logSubscriber(scope, topic.slice('log#'.length), connectionId);

const subscribers = async (table: Table, range: { pk: string; prefix: string }): Promise<string[]> =>
  (await table.query(range)).map((item) => String(item['sk']));
