/** Somebody who watches runs over the WebSocket and keeps every message with the moment at which it came. */
import { once } from 'node:events';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import type { Run, RunStep } from '../../shared/contracts/entities/run.ts';
import { socketTicketSchema } from '../../shared/contracts/entities/workspace.ts';
import {
  type ClientMessage,
  type ServerMessage,
  serverMessageSchema,
} from '../../shared/contracts/socket.ts';
import { post } from './e2e-client.ts';
import { until } from './e2e-wait.ts';

type Heard = { at: number; message: ServerMessage };
/** A line and the moment at which it was on the viewer's screen. */
type SeenLine = { at: number; line: LogLine };

export class Viewer {
  readonly heard: Heard[] = [];
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      this.heard.push({ at: Date.now(), message: serverMessageSchema.parse(JSON.parse(String(data))) });
    });
  }

  /** Connects with a ticket of its own for the seeded workspace, or with the one that is given. */
  static async open(given?: { url: string; ticket: string }): Promise<Viewer> {
    const { url, ticket } = given ?? (await post('/socket-tickets', socketTicketSchema));
    const socket = new WebSocket(`${url}?ticket=${encodeURIComponent(ticket)}`);
    const viewer = new Viewer(socket);
    await once(socket, 'open');
    return viewer;
  }

  send(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Subscribes to the changes of all runs and resolves when that is in force. */
  async followRuns(): Promise<void> {
    this.send({ action: 'subscribe', topic: 'runs' });
    await this.waitFor((message) => message.type === 'subscribed' && message.topic === 'runs');
  }

  /** Subscribes to a run's log from the line after `afterSeq`. */
  async followLog(runId: string, afterSeq = 0): Promise<void> {
    this.send({ action: 'subscribe', topic: 'log', runId, afterSeq });
    await this.waitFor((message) => message.type === 'subscribed' && message.topic === 'log');
  }

  async leaveLog(runId: string): Promise<void> {
    this.send({ action: 'unsubscribe', topic: 'log', runId });
    await this.waitFor((message) => message.type === 'unsubscribed' && message.topic === 'log');
  }

  /** Waits for a message; one that came already counts as well. */
  waitFor(isWanted: (message: ServerMessage) => boolean, seconds = 60): Promise<Heard> {
    return until('a message on the socket', seconds, () =>
      this.heard.find(({ message }) => isWanted(message)),
    );
  }

  /** The lines of a run's log in the order in which they came. */
  lines(runId: string): LogLine[] {
    return this.seenLines(runId).map(({ line }) => line);
  }

  /** The same with the moments at which they came. */
  seenLines(runId: string): SeenLine[] {
    return this.heard.flatMap(({ at, message }) =>
      message.type === 'log' && message.runId === runId ? message.lines.map((line) => ({ at, line })) : [],
    );
  }

  /** What was said of a run, in order. */
  changes(runId: string): Omit<Run, 'steps'>[] {
    return this.heard.flatMap(({ message }) =>
      message.type === 'run' && message.run.id === runId ? [message.run] : [],
    );
  }

  /** What was said of a run's steps, in order. */
  steps(runId: string): RunStep[] {
    return this.heard.flatMap(({ message }) =>
      message.type === 'step' && message.runId === runId ? [message.step] : [],
    );
  }

  close(): void {
    this.#socket.close();
  }
}
