/** `npm start -- --detach`: the stack runs on in the background; this process shows its start and goes. */
import { fork } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { stackPaths } from '../stack/settings.ts';
import type { Output } from '../terminal/stage-printer.ts';
import type { CommandContext } from './context.ts';
import { start } from './start.ts';

const MAIN = resolve(import.meta.dirname, '..', 'main.ts');

/** What the background process tells: a piece of its output, or that it is ready. */
const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('output'), text: z.string() }),
  z.object({ type: z.literal('ready') }),
]);
type Message = z.infer<typeof messageSchema>;

/** Name of the command that the background process runs. */
export const BACKGROUND_COMMAND = 'background';

/** Starts the background process and resolves with the exit code when it is ready or has failed. */
export async function startDetached(context: CommandContext, args: readonly string[]): Promise<number> {
  const { home } = stackPaths();
  await mkdir(home, { recursive: true });
  const log = openSync(join(home, 'background.log'), 'w');
  const child = fork(MAIN, [BACKGROUND_COMMAND, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, GOLDSMITH_SETUP_STAGES: JSON.stringify(context.earlierStages) },
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  child.on('message', (data) => {
    const message = messageSchema.parse(data);
    if (message.type === 'output') context.output.write(message.text);
    else resolve(0);
  });
  child.once('exit', (code) => resolve(code ?? 1));
  // Until it is ready it belongs to this terminal: Ctrl-C ends it. Its own end is then waited for.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const code = await promise;
  if (child.connected) child.disconnect();
  child.unref();
  return code;
}

/** The background process: as `start`, without QuickStart, and with its output sent to the one that shows it. */
export function runBackground(context: CommandContext, isFresh: boolean): Promise<number> {
  let isReady = false;
  const send = (message: Message) => {
    if (process.connected) process.send?.(message);
  };
  const output: Output = {
    isTerminal: false,
    columns: context.output.columns,
    write: (text) => {
      context.output.write(text);
      if (!isReady) send({ type: 'output', text });
    },
  };
  return start(
    { ...context, output },
    {
      isFresh,
      isBackground: true,
      onReady: () => {
        isReady = true;
        send({ type: 'ready' });
      },
    },
  );
}
