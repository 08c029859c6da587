/** CPU seconds of processes, as Linux counts them (proc(5): utime and stime, in hundredths of a second). */
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_A_SECOND = 100;

type Counted = { pid: number; parent: number; seconds: number };

const countedOf = (pid: number): Counted | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it may hold anything but stands in brackets.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]];
    return { pid, parent, seconds: (user + system) / TICKS_A_SECOND };
  } catch {
    return undefined; // it ended in the meantime
  }
};

/** Of a process itself, and of all below it that are there now. */
export const cpuOf = (root: number): { own: number; below: number } => {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const all = pids.flatMap((pid) => countedOf(pid) ?? []);
  const below = (parent: number): number =>
    all
      .filter((one) => one.parent === parent)
      .reduce((sum, { pid, seconds }) => sum + seconds + below(pid), 0);
  return { own: all.find(({ pid }) => pid === root)?.seconds ?? 0, below: below(root) };
};
