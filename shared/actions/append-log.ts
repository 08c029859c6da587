import type { LogLine, UnnumberedLine } from '../contracts/entities/log.ts';
import { MAX_SOCKET_BYTES, type ServerMessage } from '../contracts/socket.ts';
import { cutLine, toPlainText } from '../domain/run/line-text.ts';
import { LogClosed, logStore, lostRace, OutOfOrder } from '../store/log-store.ts';
import { contended } from '../store/retry.ts';
import { type LogListener, socketStore } from '../store/socket-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Engine } from './engine.ts';

type LogEngine = Pick<Engine, 'traffic' | 'send'>;

/**
 * Stores numbered lines, then pushes them to who listens. Lines stored already are left out. Throws OutOfOrder when
 * lines are missing in between, WriteRefused when another writer was faster.
 */
export const appendLog = async (
  engine: LogEngine,
  scope: WorkspaceScope,
  runId: string,
  lines: LogLine[],
): Promise<void> => {
  const fresh = await logStore(engine.traffic, scope, runId).append(lines);
  if (fresh.length === 0) return;
  const listeners = await socketStore(engine.traffic).logSubscribers(scope, runId);
  await pushLines(engine, listeners, runId, fresh);
};

/** What a platform says may have several lines and any length; a line of the log has not. */
const oneLine = (text: string): string => cutLine(toPlainText(text.replaceAll(/\s*[\r\n]+\s*/g, ' ')));

/** Appends lines of our own; their numbers are whatever comes next. */
export const sayInLog = (
  engine: LogEngine & Pick<Engine, 'now'>,
  scope: WorkspaceScope,
  runId: string,
  said: (Pick<UnnumberedLine, 'text'> & Partial<UnnumberedLine>)[],
): Promise<number> =>
  contended(
    async () => {
      const { lastSeq } = await logStore(engine.traffic, scope, runId).head();
      const ts = engine.now();
      const lines = said.map((line, at) => ({
        seq: lastSeq + 1 + at,
        ts,
        step: null,
        stream: 'goldsmith' as const,
        level: 'info' as const,
        ...line,
        text: oneLine(line.text),
      }));
      await appendLog(engine, scope, runId, lines);
      return lastSeq + 1;
    },
    (error) => lostRace(error) || error instanceof OutOfOrder,
    engine.traffic.clock,
  );

/** As `sayInLog`, for what is good to know and decides nothing: undefined when the run has said its last word already. */
export const sayUnlessClosed = async (...say: Parameters<typeof sayInLog>): Promise<number | undefined> => {
  try {
    return await sayInLog(...say);
  } catch (error) {
    if (error instanceof LogClosed) return undefined;
    throw error;
  }
};

/** Sends lines to connections, to each in order and only what it has not; who is gone is forgotten. */
export const pushLines = async (
  engine: LogEngine,
  listeners: LogListener[],
  runId: string,
  lines: LogLine[],
): Promise<void> => {
  const messages = logMessages(runId, lines);
  const last = lines.at(-1)?.seq ?? 0;
  await Promise.all(
    listeners
      .filter(({ sentUpTo }) => sentUpTo < last)
      .map(({ connectionId, sentUpTo }) => {
        const unsent = lines.filter((line) => line.seq > sentUpTo);
        const own = unsent.length === lines.length ? messages : logMessages(runId, unsent);
        return sendAll(engine, connectionId, own);
      }),
  );
};

/** Sends messages to one connection in order; forgets it when it is gone. */
export const sendAll = async (
  engine: LogEngine,
  connectionId: string,
  messages: ServerMessage[],
): Promise<void> => {
  for (const message of messages) {
    if ((await engine.send(connectionId, message)) === 'gone') {
      await socketStore(engine.traffic).disconnect(connectionId);
      return;
    }
  }
};

/** Room for the frame around the lines of a message. */
const FRAME_BYTES = 500;

/** Lines as messages that each stay below the socket's limit. */
export const logMessages = (runId: string, lines: LogLine[]): ServerMessage[] => {
  const groups: LogLine[][] = [];
  let room = 0;
  for (const line of lines) {
    const bytes = Buffer.byteLength(JSON.stringify(line)) + 1;
    if (bytes > room) {
      groups.push([]);
      room = MAX_SOCKET_BYTES - FRAME_BYTES;
    }
    groups.at(-1)?.push(line);
    room -= bytes;
  }
  return groups.map((group) => ({
    type: 'log' as const,
    runId,
    fromSeq: group[0]?.seq ?? 0,
    toSeq: group.at(-1)?.seq ?? 0,
    lines: group,
  }));
};
