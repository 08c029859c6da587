/** What asks a running stack to stop: a signal, or the end of the process that started this one. */
import type { StagePrinter } from '../terminal/stage-printer.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Asked to stop by the user: no fault. */
export class StopRequest extends Error {
  override readonly name = 'StopRequest';
}

/**
 * The first request aborts the signal: the stack saves and stops. A second one kills everything at once.
 * @param kill ends every process of the stack
 */
export function listenForStop(printer: StagePrinter, kill: () => Promise<void>) {
  const controller = new AbortController();
  const request = (reason: string) => {
    if (controller.signal.aborted) {
      printer.line('Again: ending everything at once, without saving.');
      void kill().finally(() => process.exit(130));
      return;
    }
    printer.line(`${reason}: stopping. Once more ends everything at once, without saving.`);
    controller.abort(new StopRequest(reason));
  };
  for (const signal of SIGNALS) process.on(signal, request);
  const parent = watchParent(() => controller.signal.aborted || request('The starting process has ended'));
  return {
    signal: controller.signal,
    /** From now on this process lives on without the one that started it. */
    ignoreParent: parent.close,
    close: () => {
      for (const signal of SIGNALS) process.off(signal, request);
      parent.close();
    },
  };
}

/** Calls `onEnd` when the process that started this one is gone: its end of a channel or of standard input closes. */
function watchParent(onEnd: () => void) {
  // Started by bootstrap.mjs, standard input is a pipe that it holds open; a terminal or a file is no such thing.
  const isPiped = process.env['GOLDSMITH_SETUP_STAGES'] !== undefined && process.send === undefined;
  process.on('disconnect', onEnd);
  if (isPiped) process.stdin.on('end', onEnd).on('close', onEnd).resume();
  return {
    close: () => {
      process.off('disconnect', onEnd);
      if (isPiped) process.stdin.off('end', onEnd).off('close', onEnd).pause();
    },
  };
}
