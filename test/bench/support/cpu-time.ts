/** CPU seconds of processes, as Linux counts them (proc(5), "stat": in hundredths of a second). */
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_A_SECOND = 100;

/** `ended`: of processes below it that have ended. */
type Counted = { pid: number; parent: number; seconds: number; ended: number };

const countedOf = (pid: number): Counted | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it may hold anything but stands in brackets.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0] = fields.slice(1);
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11);
    const seconds = (user + system) / TICKS_A_SECOND;
    return { pid, parent, seconds, ended: (endedUser + endedSystem) / TICKS_A_SECOND };
  } catch {
    return undefined; // it ended in the meantime
  }
};

/** Of a process itself, and of all below it. */
export const cpuOf = (root: number): { own: number; below: number } => {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const all = pids.flatMap((pid) => countedOf(pid) ?? []);
  const below = (parent: number): number =>
    all
      .filter((one) => one.parent === parent)
      .reduce((sum, { pid, seconds, ended }) => sum + seconds + ended + below(pid), 0);
  const found = all.find(({ pid }) => pid === root);
  return { own: found?.seconds ?? 0, below: (found?.ended ?? 0) + below(root) };
};
