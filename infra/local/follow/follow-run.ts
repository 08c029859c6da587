/** Follows one run over the WebSocket from its first line to its last. */

import type { LogLine } from '../../../shared/contracts/entities/log.ts';
import { type Run, type RunStep, runSchema } from '../../../shared/contracts/entities/run.ts';
import { socketTicketSchema } from '../../../shared/contracts/entities/workspace.ts';
import {
  type ClientMessage,
  type ServerMessage,
  serverMessageSchema,
} from '../../../shared/contracts/socket.ts';
import type { ApiClient } from '../seed/api-client.ts';

/** What is told while the run goes on. */
export interface RunListener {
  /** Each line once, in order. */
  onLine: (line: LogLine) => void;
  onStep: (step: RunStep) => void;
  onRun: (run: Pick<Run, 'status' | 'phase' | 'queue'>) => void;
}

/** Between two connections, when one broke, in milliseconds. */
const RECONNECT_MS = 500;

export interface FollowOptions {
  api: ApiClient;
  workspaceId: string;
  runId: string;
  listener: RunListener;
  signal: AbortSignal;
}

/**
 * Tells the listener all of the run's log and resolves with the finished run. A broken connection is made anew and
 * goes on where the last one stopped.
 * @throws the signal's reason when it is aborted
 */
export async function followRun(options: FollowOptions): Promise<Run> {
  const { api, workspaceId, runId, signal } = options;
  let lastSeq = 0;
  const listener = {
    ...options.listener,
    onLine: (line: LogLine) => {
      // After a fault a message may come twice (api.md, section 3).
      if (line.seq <= lastSeq) return;
      lastSeq = line.seq;
      options.listener.onLine(line);
    },
  };
  while (!(await followOnce({ ...options, listener }, lastSeq))) {
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    signal.throwIfAborted();
  }
  return api.get(`/v1/workspaces/${workspaceId}/runs/${runId}`, runSchema);
}

/** One connection. Resolves with true when the log has ended, with false when the connection broke before. */
async function followOnce(options: FollowOptions, afterSeq: number): Promise<boolean> {
  const { api, workspaceId, runId, signal } = options;
  const ticket = await api.post(`/v1/workspaces/${workspaceId}/socket-tickets`, {}, socketTicketSchema);
  const socket = new WebSocket(`${ticket.url}?ticket=${encodeURIComponent(ticket.ticket)}`);
  const send = (message: ClientMessage) => socket.send(JSON.stringify(message));
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  socket.addEventListener('open', () => {
    send({ action: 'subscribe', topic: 'runs' });
    send({ action: 'subscribe', topic: 'log', runId, afterSeq });
  });
  socket.addEventListener('message', ({ data }) => {
    try {
      if (take(serverMessageSchema.parse(JSON.parse(String(data))), options)) resolve(true);
    } catch (error) {
      reject(error);
    }
  });
  socket.addEventListener('close', () => resolve(false));
  socket.addEventListener('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.close();
  }
}

/** Passes a message on; true when it was the log's last. */
function take(message: ServerMessage, { runId, listener }: FollowOptions): boolean {
  if (message.type === 'error') throw new Error(`The socket refused: ${message.code}: ${message.detail}`);
  if (message.type === 'run' && message.run.id === runId) listener.onRun(message.run);
  if (!('runId' in message) || message.runId !== runId) return false;
  if (message.type === 'log') for (const line of message.lines) listener.onLine(line);
  if (message.type === 'step') listener.onStep(message.step);
  return message.type === 'log-end';
}
