import { setTimeout as wait } from 'node:timers/promises';
import { isPacker, listSession } from './processes.ts';

/** Rounds of looking for processes that appeared meanwhile: 10 ms apart, so that all takes 5 s at worst. */
const ROUNDS = 500;
const BETWEEN_ROUNDS = 10;

/**
 * Ends Packer and its plugins in one session so that nothing is cleaned up: the build VM and all temporary
 * resources stay. First all are frozen, until no new one appears, so that none can see another die and begin to
 * clean up; then all are killed. Everything else in the session (a QEMU build VM) lives on. Resolves with whether
 * none is left.
 */
export const stopSession = async (sessionId: number): Promise<boolean> => {
  await freeze(sessionId);
  for (let round = 0; round < ROUNDS; round += 1) {
    const left = await listPacker(sessionId);
    if (left.length === 0) return true;
    for (const pid of left) send(pid, 'SIGKILL');
    await wait(BETWEEN_ROUNDS);
  }
  return false;
};

const freeze = async (sessionId: number): Promise<void> => {
  const frozen = new Set<number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const moving = (await listPacker(sessionId)).filter((pid) => !frozen.has(pid));
    if (moving.length === 0) return;
    for (const pid of moving) {
      send(pid, 'SIGSTOP');
      frozen.add(pid);
    }
  }
};

const listPacker = async (sessionId: number): Promise<number[]> => {
  const processes = await listSession(sessionId);
  return processes.filter(({ executable }) => isPacker(executable)).map(({ pid }) => pid);
};

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself between being listed and now.
  }
};
