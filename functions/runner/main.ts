import { systemClock } from './clock.ts';
import { readOutputOf } from './platform-facts.ts';
import { runBuild } from './run-build.ts';
import { readSettings } from './settings.ts';

/**
 * The runner: executes one run and hands its outcome over. Ends with 0 when that is done, whatever the outcome; with
 * 1 when the run could not be claimed or handed over. A signal to the runner is a hard stop: Packer is killed
 * without clean-up, so that the build VM stays.
 */
const main = async (): Promise<number> => {
  const terminate = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => terminate.abort(signal));
  const settings = readSettings(process.env);
  console.log(`Run ${settings.runId} of workspace ${settings.workspaceId}`);
  const outcome = await runBuild(settings, {
    send: fetch,
    clock: systemClock,
    random: Math.random,
    terminate: terminate.signal,
    environment: process.env,
    readOutputOf,
  });
  console.log(`Handed over: ${outcome}`);
  return 0;
};

const exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : 'The runner failed');
  return 1;
});
process.exit(exitCode);
