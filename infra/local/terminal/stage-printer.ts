/**
 * Shows what is being done: each stage's name, what it is doing and for how long, and in the end a table of all.
 * On a terminal one line is redrawn; elsewhere a line is printed at least every five seconds, so that a log of
 * `npm start` never looks dead.
 */

/** Told by a stage: what it does right now. */
export type Report = (progress: string) => void;

/** How often a silent stage is mentioned in a log, and the line on a terminal redrawn; milliseconds. */
const HEARTBEAT_MS = { log: 5000, terminal: 250 } as const;

const CLEAR_LINE = '\r\x1b[2K';

/** A stage that has ended. */
export interface StageTime {
  name: string;
  seconds: number;
}

/** Where the lines go: the terminal, a log file, or another process. */
export interface Output {
  isTerminal: boolean;
  columns: number;
  write: (text: string) => void;
}

/** The process's own standard output. */
export function standardOutput(): Output {
  return {
    isTerminal: process.stdout.isTTY,
    columns: process.stdout.columns ?? 100,
    write: (text) => void process.stdout.write(text),
  };
}

/** Prints stages, and lines in between. */
export class StagePrinter {
  readonly #output: Output;
  readonly #times: StageTime[];
  /** Stages under way, by name; several may run side by side. */
  readonly #active = new Map<string, { started: number; progress: string; told: number }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param earlier stages that another process has finished already */
  constructor(output: Output, earlier: readonly StageTime[] = []) {
    this.#output = output;
    this.#times = [...earlier];
  }

  /** Runs a stage and prints its course. What it throws goes on to the caller. */
  async stage<T>(name: string, work: (report: Report) => Promise<T>): Promise<T> {
    const state = { started: Date.now(), progress: '', told: Date.now() };
    this.#active.set(name, state);
    this.#beat();
    if (!this.#output.isTerminal) this.line(`▸ ${name}`);
    try {
      const result = await work((progress) => this.#report(name, progress));
      this.#finish(name, `✓ ${name} (${formatSeconds(secondsSince(state.started))})`);
      this.#times.push({ name, seconds: secondsSince(state.started) });
      return result;
    } catch (error) {
      this.#finish(name, `✗ ${name} (${formatSeconds(secondsSince(state.started))})`);
      throw error;
    }
  }

  /** Prints a line of its own above the stages under way. */
  line(text: string): void {
    if (this.#output.isTerminal) this.#output.write(`${CLEAR_LINE}${text}\n${this.#statusLine()}`);
    else this.#output.write(`${text}\n`);
    for (const state of this.#active.values()) state.told = Date.now();
  }

  /** The table of all stages so far. */
  table(): string {
    const total = this.#times.reduce((sum, each) => sum + each.seconds, 0);
    const rows = [...this.#times, { name: 'together', seconds: total }];
    const width = Math.max(...rows.map((row) => row.name.length));
    const lines = rows.map((row) => `  ${row.name.padEnd(width)}  ${row.seconds.toFixed(1).padStart(7)} s`);
    return ['Stages', ...lines].join('\n');
  }

  #report(name: string, progress: string): void {
    const state = this.#active.get(name);
    if (state === undefined || state.progress === progress) return;
    state.progress = progress;
    this.#redraw();
  }

  #finish(name: string, text: string): void {
    this.#active.delete(name);
    if (this.#active.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.line(text);
  }

  #beat(): void {
    const interval = this.#output.isTerminal ? HEARTBEAT_MS.terminal : 1000;
    this.#timer ??= setInterval(() => {
      this.#redraw();
      this.#tellSilent();
    }, interval);
  }

  #tellSilent(): void {
    if (this.#output.isTerminal) return;
    for (const [name, state] of this.#active) {
      // The timer is never exactly on time: half a second early is better than one late.
      if (Date.now() - state.told < HEARTBEAT_MS.log - 500) continue;
      state.told = Date.now();
      this.#output.write(`  ${describe(name, state)}\n`);
    }
  }

  #redraw(): void {
    if (this.#output.isTerminal) this.#output.write(`${CLEAR_LINE}${this.#statusLine()}`);
  }

  #statusLine(): string {
    const stages = [...this.#active].map(([name, state]) => describe(name, state));
    return stages.length === 0 ? '' : `▸ ${stages.join(' | ')}`.slice(0, this.#output.columns - 1);
  }
}

function describe(name: string, state: { started: number; progress: string }): string {
  const progress = state.progress === '' ? '' : `: ${state.progress}`;
  return `${name} ${Math.floor(secondsSince(state.started))} s${progress}`;
}

function secondsSince(started: number): number {
  return (Date.now() - started) / 1000;
}

/** Seconds for people: one decimal below ten. */
export function formatSeconds(seconds: number): string {
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}
