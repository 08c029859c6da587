/** A thread of `many.ts`: lives through the histories of the seeds it is sent, one after the other. */
import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { logger } from '../../../shared/runtime/logger.ts';
import { liveThrough } from './history.ts';

// What functions log is of no use here: a failing seed is told, and lived through again with a trace.
logger.setLogLevel('SILENT');

parentPort?.on('message', (message: unknown) => {
  const seed = z.int().parse(message);
  void tell(seed);
});

/** What is thrown ends the thread, and so the whole. */
async function tell(seed: number): Promise<void> {
  const history = await liveThrough(seed);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no window
  parentPort?.postMessage(history);
}
