import type { StepEvent } from '../../shared/contracts/agent-protocol.ts';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import type { Marker } from '../../shared/packer/markers.ts';
import { type Clock, describeDuration, toTimestamp } from './clock.ts';

/** A step that says nothing for this long is reported as still running (S77). */
const SILENT_AFTER = 30_000;
/** The waits between such reports double up to this, so that an hour of silence is a dozen lines. */
const LONGEST_SILENCE = 5 * 60_000;

export type StepTrackerOptions = {
  steps: JobBundle['steps'];
  clock: Clock;
  onEvent: (event: StepEvent) => void;
  /** A line of the runner's own about `step`. */
  onLine: (text: string, level: LogLine['level'], step: number) => void;
};

type End = 'succeeded' | 'failed' | 'stopped';
type Step = JobBundle['steps'][number];
type Running = { step: Step; startedAt: number; saidAt: number; patience: number; isLate: boolean };

/** Follows the steps of a build by their markers and says in the log what they do. */
export class StepTracker {
  readonly #options: StepTrackerOptions;
  readonly #waiting: Map<number, Step>;
  #running: Running | undefined;
  /** The step that failed, as long as nobody has said that it was late. */
  #failed: Step | undefined;

  constructor(options: StepTrackerOptions) {
    this.#options = options;
    this.#waiting = new Map(options.steps.map((step) => [step.index, step]));
  }

  /** Index of the step that is running. */
  current(): number | null {
    return this.#running?.step.index ?? null;
  }

  /** Where the build is, for people: the step that is running. */
  where(): string {
    const { steps } = this.#options;
    const step = this.#running?.step;
    return step === undefined ? 'outside of any step' : `in step ${step.index}/${steps.length} ${step.name}`;
  }

  mark({ index, edge }: Marker): void {
    if (edge === 'begin') this.#begin(index);
    else if (this.#running?.step.index === index) this.#end('succeeded');
  }

  /** Packer has cancelled the step because its limit was reached; it may say so after it has begun to clean up. */
  late(): void {
    if (this.#running === undefined) this.#sayLate();
    else this.#running.isLate = true;
  }

  /** Packer has begun to clean up after a step that failed. */
  fail(): void {
    this.#end('failed');
  }

  /** The running step has said something. */
  heard(): void {
    if (this.#running === undefined) return;
    this.#running.saidAt = this.#options.clock.now();
    this.#running.patience = SILENT_AFTER;
  }

  /** Reports a silent step; to be called now and then. */
  tick(): void {
    const now = this.#options.clock.now();
    const running = this.#running;
    if (running === undefined || now - running.saidAt < running.patience) return;
    this.#say(running.step, `still running after ${describeDuration(now - running.startedAt)}`);
    running.saidAt = now;
    running.patience = Math.min(LONGEST_SILENCE, running.patience * 2);
  }

  /**
   * The build has ended: so has the step that still ran. Those that were not seen to begin are skipped, but in a
   * build that succeeded: Packer leaves none out.
   */
  finish(how: End): void {
    this.#end(how);
    for (const step of this.#waiting.values())
      this.#report(step, how === 'succeeded' ? 'succeeded' : 'skipped');
    this.#waiting.clear();
  }

  #begin(index: number): void {
    const step = this.#waiting.get(index);
    if (step === undefined) return;
    this.#waiting.delete(index);
    // Packer does not go on after a step that failed: when the next begins, the one before has succeeded.
    this.#end('succeeded');
    const now = this.#options.clock.now();
    this.#running = { step, startedAt: now, saidAt: now, patience: SILENT_AFTER, isLate: false };
    this.#say(step, 'started');
    this.#report(step, 'running');
  }

  #end(how: End): void {
    if (this.#running === undefined) return;
    const { step, startedAt, isLate } = this.#running;
    this.#running = undefined;
    const elapsed = this.#options.clock.now() - startedAt;
    if (how === 'failed') this.#failed = step;
    // Packer's clock of the step began before its begin was read here: what Packer says counts as well. A pause and
    // tries that failed in time are not late.
    const longest = step.longestSeconds ?? step.timeoutSeconds ?? Number.POSITIVE_INFINITY;
    if (isLate || elapsed >= longest * 1000) this.#sayLate();
    this.#say(
      step,
      `${how} ${how === 'succeeded' ? 'in' : 'after'} ${describeDuration(elapsed)}`,
      levelOf(how),
    );
    this.#report(step, how === 'stopped' ? 'skipped' : how);
  }

  #sayLate(): void {
    const step = this.#failed;
    if (step?.timeoutSeconds === undefined) return;
    this.#say(step, `timed out: it took longer than its limit of ${step.timeoutSeconds} s`, 'error');
    this.#failed = undefined;
  }

  #say(step: Step, text: string, level: LogLine['level'] = 'info'): void {
    const { steps, onLine } = this.#options;
    onLine(`Step ${step.index}/${steps.length} ${step.name}: ${text}`, level, step.index);
  }

  #report(step: Step, status: StepEvent['status']): void {
    const { clock, onEvent } = this.#options;
    onEvent({ index: step.index, status, at: toTimestamp(clock.now()) });
  }
}

const levelOf = (how: End): LogLine['level'] =>
  (({ succeeded: 'info', failed: 'error', stopped: 'warn' }) as const)[how];
