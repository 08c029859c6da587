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

export type StepTracker = {
  /** Index of the step that is running. */
  current: () => number | null;
  mark: (marker: Marker) => void;
  /** Packer has cancelled the step because its limit was reached. */
  late: () => void;
  /** Packer has begun to clean up after a step that failed. */
  fail: () => void;
  /** The running step has said something. */
  heard: () => void;
  /** Reports a silent step; to be called now and then. */
  tick: () => void;
  /**
   * The build has ended: so has the step that still ran. Those that were not seen to begin are skipped, but in a
   * build that succeeded: Packer leaves none out.
   */
  finish: (how: 'succeeded' | 'failed' | 'stopped') => void;
};

type Step = JobBundle['steps'][number];
type Running = { step: Step; startedAt: number; saidAt: number; patience: number; isLate: boolean };

/** Follows the steps of a build by their markers and says in the log what they do. */
export const createStepTracker = (options: StepTrackerOptions): StepTracker => {
  const { steps, clock } = options;
  const waiting = new Map(steps.map((step) => [step.index, step]));
  let running: Running | undefined;
  /** The step that failed, as long as nobody has said that it was late. */
  let failed: Step | undefined;

  const say = (step: Step, text: string, level: LogLine['level'] = 'info') =>
    options.onLine(`Step ${step.index}/${steps.length} ${step.name}: ${text}`, level, step.index);
  const report = (step: Step, status: StepEvent['status']) =>
    options.onEvent({ index: step.index, status, at: toTimestamp(clock.now()) });

  const begin = (index: number): void => {
    const step = waiting.get(index);
    if (step === undefined) return;
    waiting.delete(index);
    // Packer does not go on after a step that failed: when the next begins, the one before has succeeded.
    end('succeeded');
    running = { step, startedAt: clock.now(), saidAt: clock.now(), patience: SILENT_AFTER, isLate: false };
    say(step, 'started');
    report(step, 'running');
  };
  const end = (how: 'succeeded' | 'failed' | 'stopped'): void => {
    if (running === undefined) return;
    const { step, startedAt, isLate } = running;
    running = undefined;
    const elapsed = clock.now() - startedAt;
    if (how === 'failed') failed = step;
    // Packer's clock of the step began before its begin was read here: what Packer says counts as well.
    if (isLate || elapsed >= (step.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000) sayLate();
    say(step, `${how} ${how === 'succeeded' ? 'in' : 'after'} ${describeDuration(elapsed)}`, levelOf(how));
    report(step, how === 'stopped' ? 'skipped' : how);
  };
  const sayLate = (): void => {
    if (failed?.timeoutSeconds === undefined) return;
    say(failed, `timed out: it took longer than its limit of ${failed.timeoutSeconds} s`, 'error');
    failed = undefined;
  };
  return {
    current: () => running?.step.index ?? null,
    mark: ({ index, edge }) => {
      if (edge === 'begin') begin(index);
      else if (running?.step.index === index) end('succeeded');
    },
    late: () => {
      // Packer may say it a moment after it has begun to clean up.
      if (running === undefined) sayLate();
      else running = { ...running, isLate: true };
    },
    fail: () => end('failed'),
    heard: () => {
      if (running !== undefined) running = { ...running, saidAt: clock.now(), patience: SILENT_AFTER };
    },
    tick: () => {
      if (running === undefined || clock.now() - running.saidAt < running.patience) return;
      say(running.step, `still running after ${describeDuration(clock.now() - running.startedAt)}`);
      const patience = Math.min(LONGEST_SILENCE, running.patience * 2);
      running = { ...running, saidAt: clock.now(), patience };
    },
    finish: (how) => {
      end(how);
      for (const step of waiting.values()) report(step, how === 'succeeded' ? 'succeeded' : 'skipped');
      waiting.clear();
    },
  };
};

const levelOf = (how: 'succeeded' | 'failed' | 'stopped'): LogLine['level'] =>
  (({ succeeded: 'info', failed: 'error', stopped: 'warn' }) as const)[how];
