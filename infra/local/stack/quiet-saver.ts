/**
 * Saves whenever no run is under way and something may have changed, so that a crash loses little. A save costs the
 * emulator a tenth of a second. Runs under way would not survive a restart: what they do is saved when they are done.
 */
import type { Emulator } from '../emulator/index.ts';

/** How often the emulator is asked, in milliseconds. */
const LOOK_MS = 2000;

/** After so many looks at which something was going on, a save is due all the same: a client may ask all the time. */
const PATIENCE = 15;

export class QuietSaver {
  readonly #emulator: Pick<Emulator, 'activity'>;
  readonly #save: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #saved = 0;
  #seen = 0;
  #busyLooks = 0;
  #look: Promise<void> | undefined;

  constructor(emulator: Pick<Emulator, 'activity'>, save: () => Promise<void>, lookMs = LOOK_MS) {
    this.#emulator = emulator;
    this.#save = save;
    this.#timer = setInterval(() => {
      // An emulator that does not answer is noticed elsewhere, and so is a disk that is full.
      this.#look ??= this.#saveIfQuiet()
        .catch(() => {})
        .finally(() => (this.#look = undefined));
    }, lookMs);
  }

  /** Resolves when no save is under way and none will be. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#look;
  }

  async #saveIfQuiet(): Promise<void> {
    const { requests, executions } = await this.#emulator.activity();
    const isQuiet = requests === this.#seen;
    this.#seen = requests;
    if (executions > 0 || requests === this.#saved) return;
    this.#busyLooks = isQuiet ? 0 : this.#busyLooks + 1;
    if (!isQuiet && this.#busyLooks < PATIENCE) return;
    this.#busyLooks = 0;
    await this.#save();
    this.#saved = requests;
  }
}
