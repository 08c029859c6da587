/** Which process is at the other end of a connection on this machine, to kill it in the middle of its work. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
/** 127.0.0.1 as /proc/net/tcp writes it, see proc(5). */
const LOOPBACK = '0100007F';

/** The inode of the socket that speaks from `port` to `to`. */
const socketInode = async (port: number, to: number): Promise<string | undefined> => {
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return fields.find(
    ([, local, remote]) => local === `${LOOPBACK}:${hex(port)}` && remote === `${LOOPBACK}:${hex(to)}`,
  )?.[9];
};

const holds = async (pid: string, inode: string): Promise<boolean> => {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  return links.includes(`socket:[${inode}]`);
};

/** A process of the emulator that runs a function, and nobody else's. */
const isFunction = async (pid: string): Promise<boolean> =>
  (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes('\0AWS_LAMBDA_FUNCTION_NAME=');

/** Kills the function that holds the connection from `port` to `to`. Throws when there is none. */
export const killCaller = async (port: number, to: number): Promise<void> => {
  const inode = await socketInode(port, to);
  if (inode === undefined) throw new Error(`nobody speaks from port ${port}`);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (!(await isFunction(pid)) || !(await holds(pid, inode))) continue;
    process.kill(Number(pid), 'SIGKILL');
    return;
  }
  throw new Error(`no function speaks from port ${port}`);
};
