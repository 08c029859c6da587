import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';

const messageSchema = z.union([
  z.object({ QMP: z.unknown() }),
  z.object({ event: z.string(), data: z.object({ reason: z.string().optional() }).optional() }),
  z.object({ return: z.unknown(), id: z.number() }),
  z.object({ error: z.object({ desc: z.string() }), id: z.number().optional() }),
]);

interface PendingCommand {
  resolve(): void;
  reject(reason: Error): void;
}

/**
 * QEMU's own control protocol (QMP) over the two pipes of a QEMU that was started with `-qmp stdio`.
 * Replies carry the number of their command; after the stream's end every command fails.
 */
export class QmpConnection {
  /** Resolves when QEMU runs its machine and takes commands; rejects when it ends before. */
  readonly ready: Promise<void>;
  readonly #output: Writable;
  readonly #onEvent: (name: string, reason: string | undefined) => void;
  readonly #pending = new Map<number, PendingCommand>();
  #greeted: PendingCommand | undefined;
  #closed = false;
  #lastId = 0;

  constructor(
    input: Readable,
    output: Writable,
    onEvent: (name: string, reason: string | undefined) => void,
  ) {
    this.#output = output;
    this.#onEvent = onEvent;
    const greeting = new Promise<void>((resolve, reject) => {
      this.#greeted = { resolve, reject };
    });
    this.ready = greeting.then(() => this.execute('qmp_capabilities'));
    // Whoever starts a machine awaits it; without a listener of our own an early end would be an unhandled rejection.
    this.ready.catch(() => {});
    output.on('error', () => this.#close());
    const lines = createInterface({ input });
    lines.on('line', (line) => this.#receive(line));
    lines.on('close', () => this.#close());
  }

  /** Runs a command that takes no arguments. Rejects with QEMU's description of what went wrong. */
  execute(command: 'qmp_capabilities' | 'stop' | 'cont'): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error(`QEMU has ended: cannot ${command}`));
        return;
      }
      const id = ++this.#lastId;
      this.#pending.set(id, { resolve, reject });
      this.#output.write(`${JSON.stringify({ execute: command, id })}\n`);
    });
  }

  #receive(line: string): void {
    const parsed = messageSchema.safeParse(JSON.parse(line));
    if (!parsed.success) return;
    const message = parsed.data;
    if ('QMP' in message) this.#greeted?.resolve();
    else if ('event' in message) this.#onEvent(message.event, message.data?.reason);
    else if ('error' in message) this.#take(message.id)?.reject(new Error(message.error.desc));
    else this.#take(message.id)?.resolve();
  }

  #take(id: number | undefined): PendingCommand | undefined {
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id !== undefined) this.#pending.delete(id);
    return pending;
  }

  #close(): void {
    this.#closed = true;
    const ended = new Error('QEMU has ended');
    this.#greeted?.reject(ended);
    for (const pending of this.#pending.values()) pending.reject(ended);
    this.#pending.clear();
  }
}
