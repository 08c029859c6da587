import { announcePacker } from '../../../functions/runner/announce-packer.ts';
import type { Ending } from '../../../functions/runner/build-job.ts';
import { workOnRun } from '../../../functions/runner/claimed-run.ts';
import type { Clock } from '../../../functions/runner/clock.ts';
import type { Send } from '../../../functions/runner/http-call.ts';
import type { Session } from '../../../functions/runner/session.ts';
import type { Account } from './account.ts';
import type { Simulation } from './invocation.ts';
import { runPacker } from './packer.ts';

export type Order = { workspaceId: string; runId: string; token: string; buildId: string; stepCount: number };

/** One runner process with its Packer. */
export type Runner = {
  /** Its exit code; 137 when it was killed. */
  ended: Promise<number>;
  /** SIGTERM. */
  terminate: () => void;
  kill: () => void;
};

const forever = (): Promise<never> => new Promise(() => {});
const LATEST_KILL_MS = 15 * 60_000;

/** Starts the real protocol of the runner, with a Packer that is played. Whoever is killed says and does nothing more. */
export const startRunner = (
  simulation: Simulation,
  { account, send }: { account: Account; send: Send },
  order: Order,
): Runner => {
  const { time, random, weather, tell } = simulation;
  const killed = Promise.withResolvers<number>();
  const terminate = new AbortController();
  let isDead = false;
  const unlessDead = async <T>(work: Promise<T>): Promise<T> => {
    await work.catch(() => undefined);
    return isDead ? forever() : work;
  };
  const clock: Clock = {
    now: time.now,
    sleep: (milliseconds, signal) => unlessDead(time.sleep(milliseconds, signal)),
    turn: time.turn,
  };
  const kill = (): void => {
    if (!isDead) tell('runner', `of ${order.buildId} is killed`);
    isDead = true;
    killed.resolve(137);
  };
  const tools = {
    send: (...call: Parameters<Send>) => unlessDead(send(...call)),
    clock,
    random: random.next,
    terminate: terminate.signal,
  };
  const settings = {
    apiUrl: 'https://api.test',
    workspaceId: order.workspaceId,
    runId: order.runId,
    claimToken: order.token,
    buildId: order.buildId,
    packer: 'packer',
    workDir: '/nowhere',
    imageFolder: '/nowhere',
  };
  const found = { version: '1.6.6', generation: '1.6' as const };
  const work = (session: Session) => workOf(simulation, account, order, session);
  const live = async (): Promise<number> => {
    try {
      const outcome = await workOnRun(settings, tools, found, work);
      tell('runner', `of ${order.buildId} handed over: ${outcome}`);
      return 0;
    } catch (error) {
      tell('runner', `of ${order.buildId} gives up: ${String(error)}`);
      return 1;
    }
  };
  const ended = Promise.race([live(), killed.promise]);
  if (weather.strikes('runnerKilled')) time.timer(random.between(0, LATEST_KILL_MS), kill);
  return { ended, terminate: () => terminate.abort(), kill };
};

/** From the claim to Packer's end: the bundle, the word that Packer starts, Packer. */
const workOf = async (
  simulation: Simulation,
  account: Account,
  { runId, buildId, stepCount }: Order,
  session: Session,
): Promise<Ending> => {
  const { random, weather } = simulation;
  const nothing = { exitCode: null, artifacts: [], temporaries: [] };
  try {
    await session.clock.sleep(random.between(100, 3000), session.control.kill);
    if (weather.strikes('bundleFails')) throw new Error('the bundle cannot be had');
    await announcePacker(session);
    return await runPacker({ simulation, account, session, runId, buildId, stepCount });
  } catch {
    const outcome = session.control.killReason() === undefined ? 'failed' : 'stopped';
    session.log.say(`The runner has made nothing: ${outcome}.`, 'error');
    return { outcome, ...nothing };
  }
};
