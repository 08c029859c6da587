import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';

/** What the guest's first process understands, and what it answers. See base-disk/guest/init. */
const answers = { freeze: 'frozen', thaw: 'thawed' } as const;

/**
 * The second serial port of a guest: its buttons, and the request to keep still while its disk is copied.
 * The guest says `ready` when it listens.
 */
export class GuestChannel {
  readonly #stream: Duplex;
  readonly #waiting = new Set<{ line: string; resolve(): void }>();
  #isReady = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    // The stream breaks when QEMU ends; that end is seen at the process.
    stream.on('error', () => {});
    createInterface({ input: stream }).on('line', (line) => this.#receive(line.trim()));
  }

  /** Resolves when the guest has booted. */
  whenReady(): Promise<void> {
    return this.#isReady ? Promise.resolve() : this.#waitFor('ready');
  }

  /** Presses the power button, or the reset button: the guest ends its processes, writes its disk and goes down. */
  async press(button: 'poweroff' | 'reboot'): Promise<void> {
    await this.whenReady();
    this.#stream.write(`${button}\n`);
  }

  /** Asks the guest to bring its file system to rest, or to go on. Resolves when it has. */
  async request(what: keyof typeof answers): Promise<void> {
    await this.whenReady();
    const answer = this.#waitFor(answers[what]);
    this.#stream.write(`${what}\n`);
    await answer;
  }

  #waitFor(line: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add({ line, resolve });
    });
  }

  #receive(line: string): void {
    if (line === 'ready') this.#isReady = true;
    for (const waiting of this.#waiting) {
      if (waiting.line !== line) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
