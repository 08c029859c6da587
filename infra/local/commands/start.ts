/** `npm start`: everything up, QuickStart built and booted, then in the foreground until Ctrl-C. */
import { mkdir, rm } from 'node:fs/promises';
import { choosePort } from '../stack/ports.ts';
import { removeLocalFile, writeLocalFile } from '../stack/local-file.ts';
import { killProcesses } from '../stack/process-table.ts';
import { portsOf, REGION, type StackPaths, stackPaths } from '../stack/settings.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import { becomeSupervisor, findSupervisor, resignSupervisor } from '../stack/supervisor-file.ts';
import { prepareEnvironments } from '../stages/environments.ts';
import { runQuickStart } from '../stages/quick-start.ts';
import { StagePrinter } from '../terminal/stage-printer.ts';
import { describeRunning, describeStack } from '../terminal/closing-words.ts';
import type { CommandContext } from './context.ts';
import { listenForStop } from './stop-signals.ts';

export interface StartOptions {
  isFresh: boolean;
  /** Without QuickStart. */
  isQuiet: boolean;
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
  const stopping = listenForStop(printer, async () => void (await killProcesses(paths.state)));
  try {
    return await run(paths, printer, stopping.signal, options);
  } catch (error) {
    if (stopping.signal.aborted) return 0;
    printer.line(error instanceof Error ? error.message : String(error));
    printer.line(`Logs: ${paths.logs}`);
    return 1;
  } finally {
    await removeLocalFile(paths);
    await resignSupervisor(paths);
    stopping.close();
  }
}

async function run(
  paths: StackPaths,
  printer: StagePrinter,
  signal: AbortSignal,
  options: StartOptions,
): Promise<number> {
  if (options.isFresh) {
    await killProcesses(paths.state);
    await rm(paths.state, { recursive: true, force: true });
    printer.line('Everything that was saved here is gone: this start begins anew.');
  }
  await prepareEnvironments(printer, paths);
  await killProcesses(paths.state);
  const basePort = await choosePort(paths, process.env['GOLDSMITH_PORT']);
  signal.throwIfAborted();
  const stack = await startStack({ paths, basePort, printer, signal });
  const renewal = await publish(paths, stack, basePort);
  let isBroken = false;
  try {
    options.onReady();
    if (!options.isQuiet) await runQuickStart({ stack, printer, signal });
    printer.line(describeStack(stack, paths, printer.table()));
    isBroken = await waitForEnd(stack, printer, signal);
    return isBroken ? 1 : 0;
  } finally {
    clearInterval(renewal);
    await printer.stage('stop', () => stack.stop({ save: !isBroken }));
  }
}

/** Resolves with false when the user wants an end, with true when a server ended by itself. */
async function waitForEnd(stack: Stack, printer: StagePrinter, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  if (signal.aborted) resolve(undefined);
  signal.addEventListener('abort', () => resolve(undefined));
  void stack.servers.broken.then(resolve);
  const broken = await promise;
  if (broken === undefined) return false;
  printer.line(
    `${broken} has ended unexpectedly. Everything else is stopped too; npm start goes on from the last save.`,
  );
  return true;
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
