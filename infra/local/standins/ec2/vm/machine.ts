import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import { GuestChannel } from './guest-channel.ts';
import { type QemuSettings, qemuArguments } from './qemu-arguments.ts';
import { QmpConnection } from './qmp.ts';

/** An emulated guest goes off in 0.3 s; a hung one loses its power after this long, as on EC2 after some minutes. */
const powerOffTimeoutMs = 15_000;

/** A guest that does not answer is copied as it is, like the disk of a machine whose power was cut. */
const freezeTimeoutMs = 5_000;

/** One running QEMU process. It ends with its manager: the kernel kills it when the manager dies. */
export class Machine {
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #qmp: QmpConnection;
  readonly #guest: GuestChannel;
  #endedForReboot = false;

  constructor(child: ChildProcess, pid: number, qmp: QmpConnection, guest: GuestChannel) {
    this.#child = child;
    this.pid = pid;
    this.#qmp = qmp;
    this.#guest = guest;
    // "close" and not "exit": the reason for the end may still be on its way through a pipe.
    this.ended = new Promise((resolve) => {
      child.once('close', () => resolve());
    });
  }

  /** Resolves when the guest has booted. */
  whenBooted(): Promise<void> {
    return this.#guest.whenReady();
  }

  /** Whether the guest went down in order to boot again. */
  get endedForReboot(): boolean {
    return this.#endedForReboot;
  }

  /** To be told why the guest went down. */
  markShutdown(reason: string | undefined): void {
    this.#endedForReboot = reason === 'guest-reset';
  }

  /** Presses a button and waits for the end of the process; cuts the power of a guest that does not react. */
  async goDown(button: 'poweroff' | 'reboot'): Promise<void> {
    // A guest that never boots never reacts: the time limit covers both.
    void this.#guest.press(button);
    if (!(await settlesWithin(this.ended, powerOffTimeoutMs))) await this.kill();
  }

  /** Cuts the power. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Runs `work` while the guest's file system is at rest and the guest stands still. */
  async whileStill(work: () => Promise<void>): Promise<void> {
    await settlesWithin(this.#guest.request('freeze'), freezeTimeoutMs);
    try {
      await this.#qmp.execute('stop');
      await work();
    } finally {
      await this.#qmp.execute('cont');
      await settlesWithin(this.#guest.request('thaw'), freezeTimeoutMs);
    }
  }
}

/**
 * Starts QEMU and waits until its machine runs and its port is open (not until the guest has booted).
 * @param logFile takes what QEMU itself says
 * @throws Error with QEMU's message, e.g. when the port is taken
 */
export async function startMachine(settings: QemuSettings, logFile: string): Promise<Machine> {
  const log = await open(logFile, 'w');
  try {
    // setpriv has the kernel kill QEMU when the manager dies, however it dies.
    const args = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...qemuArguments(settings)];
    const child = spawn('setpriv', args, { stdio: ['pipe', 'pipe', log.fd, 'pipe'] });
    await once(child, 'spawn');
    return await connect(child);
  } catch (cause) {
    const text = (await readFile(logFile, 'utf8')).trim();
    throw new Error(`QEMU did not start: ${text || String(cause)}`, { cause });
  } finally {
    await log.close();
  }
}

async function connect(child: ChildProcess): Promise<Machine> {
  const channel = child.stdio[3];
  if (
    child.pid === undefined ||
    child.stdout === null ||
    child.stdin === null ||
    !(channel instanceof Duplex)
  ) {
    throw new Error('QEMU has no pipes');
  }
  let machine: Machine | undefined;
  const qmp = new QmpConnection(child.stdout, child.stdin, (event, reason) => {
    if (event === 'SHUTDOWN') machine?.markShutdown(reason);
  });
  machine = new Machine(child, child.pid, qmp, new GuestChannel(channel));
  await qmp.ready;
  return machine;
}

/** Whether a promise is fulfilled within some milliseconds. */
export async function settlesWithin(promise: Promise<void>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => false,
      ),
      limit,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
