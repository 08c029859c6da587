/** `npm start`: everything up, QuickStart built and booted, then in the foreground until Ctrl-C. */
import { mkdir, rm } from 'node:fs/promises';
import { removeLocalFile, writeLocalFile } from '../stack/local-file.ts';
import { choosePort } from '../stack/ports.ts';
import { killDescendants, killProcesses } from '../stack/process-table.ts';
import { recover } from '../stack/recovery.ts';
import { portsOf, REGION, type StackPaths, stackPaths } from '../stack/settings.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import { becomeSupervisor, findSupervisor, resignSupervisor } from '../stack/supervisor-file.ts';
import { prepareEnvironments } from '../stages/environments.ts';
import { runQuickStart } from '../stages/quick-start.ts';
import { describeRunning, describeStack } from '../terminal/closing-words.ts';
import { StagePrinter } from '../terminal/stage-printer.ts';
import type { CommandContext } from './context.ts';
import { listenForStop } from './stop-signals.ts';

export interface StartOptions {
  isFresh: boolean;
  /** Without QuickStart, and from the moment it is ready without the process that started it. */
  isBackground: boolean;
  /** Called when the API answers, the workspace is seeded and `local.json` is written. */
  onReady: () => void;
}

/** A token is renewed after this part of its life: clients read it from a file and use it for a while. */
const RENEW_AFTER = 0.8;

/**
 * Starts a stack and keeps it until it is told to stop or breaks.
 * @returns the exit code: 0 after an asked-for stop, 1 otherwise
 */
export async function start(context: CommandContext, options: StartOptions): Promise<number> {
  const paths = stackPaths();
  await mkdir(paths.home, { recursive: true });
  const printer = new StagePrinter(context.output, context.earlierStages);
  const other = await findSupervisor(paths);
  if (other !== undefined) {
    printer.line(await describeRunning(paths, other));
    return 1;
  }
  await becomeSupervisor(paths);
  const stopping = listenForStop(printer, () => killAll(paths));
  try {
    return await run(paths, printer, stopping, options);
  } catch (error) {
    if (stopping.signal.aborted && error === stopping.signal.reason) return 0;
    printer.line(explain(error));
    printer.line(`Logs: ${paths.logs}`);
    return 1;
  } finally {
    await removeLocalFile(paths);
    await resignSupervisor(paths);
    stopping.close();
  }
}

type Stopping = ReturnType<typeof listenForStop>;

async function run(
  paths: StackPaths,
  printer: StagePrinter,
  { signal, ignoreParent }: Stopping,
  options: StartOptions,
): Promise<number> {
  if (options.isFresh) await forget(paths, printer);
  await prepareEnvironments(printer, paths, signal);
  for (const sentence of await recover(paths)) printer.line(sentence);
  const basePort = await choosePort(paths, process.env['GOLDSMITH_PORT']);
  signal.throwIfAborted();
  const stack = await startStack({ paths, basePort, printer, signal });
  const broken = new AbortController();
  void stack.servers.broken.then((server) => broken.abort(new BrokenStack(server)));
  const end = AbortSignal.any([signal, broken.signal]);
  const renewal = await publish(paths, stack, basePort);
  try {
    const isBuilt = options.isBackground || (await buildQuickStart(stack, printer, end));
    printer.line(describeStack(stack, paths, printer.table()));
    if (options.isBackground) ignoreParent();
    options.onReady();
    await waitForAbort(end);
    broken.signal.throwIfAborted();
    return isBuilt ? 0 : 1;
  } finally {
    clearInterval(renewal);
    await printer.stage('stop', () => stack.stop({ save: !broken.signal.aborted }));
  }
}

/** A server of the stack ended by itself: nothing can be saved any more. */
class BrokenStack extends Error {
  override readonly name = 'BrokenStack';

  constructor(server: string) {
    super(
      `${server} has ended unexpectedly, so everything else was stopped. npm start goes on from the last save.`,
    );
  }
}

async function killAll(paths: StackPaths): Promise<void> {
  await killDescendants();
  await killProcesses(paths);
  await removeLocalFile(paths);
}

async function forget(paths: StackPaths, printer: StagePrinter): Promise<void> {
  await killProcesses(paths);
  await rm(paths.state, { recursive: true, force: true });
  printer.line('Everything that was saved here is gone: this start begins anew.');
}

/** Runs QuickStart. A failure is told, and the stack stays up to be looked at. */
async function buildQuickStart(stack: Stack, printer: StagePrinter, signal: AbortSignal): Promise<boolean> {
  try {
    await runQuickStart({ stack, printer, signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    printer.line(explain(error));
    return false;
  }
}

function waitForAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}

/** Writes local.json, now and whenever the token is renewed. */
async function publish(paths: StackPaths, stack: Stack, basePort: number): Promise<NodeJS.Timeout> {
  const write = (token: string) =>
    writeLocalFile(paths, {
      apiUrl: stack.outputs.ApiUrl,
      socketUrl: stack.outputs.SocketUrl,
      workspaceId: stack.seeded.workspaceId,
      token,
      awsEndpoint: `http://127.0.0.1:${portsOf(basePort).emulator}`,
      ec2Endpoint: stack.servers.ec2.endpoint,
      region: REGION,
      pid: process.pid,
    });
  await write(stack.token.token);
  const renew = async () => write((await stack.renewToken()).token);
  // A failed renewal is tried again at the next turn; a dead emulator is noticed elsewhere.
  return setInterval(() => void renew().catch(() => {}), stack.token.expiresInSeconds * 1000 * RENEW_AFTER);
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
