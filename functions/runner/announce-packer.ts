import { UnreachableError } from './agent-errors.ts';
import type { Session } from './session.ts';

/**
 * Says that Packer is about to build, and waits until that is heard: from then on the run gets no other build, and a
 * runner that was given up in the meantime learns it before it makes anything (F14, F15).
 */
export const announcePacker = async ({ client, control }: Session): Promise<void> => {
  const patience = { until: control.cleanUpAt, signal: control.kill };
  try {
    control.hear(await client.sendHeartbeat({ progress: { packerStarts: true } }, patience));
  } catch (error) {
    if (!(error instanceof UnreachableError)) control.end('lease-lost');
    throw error;
  }
  control.kill.throwIfAborted();
};
