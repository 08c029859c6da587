import type { SendToSocket } from '../../shared/actions/engine.ts';
import type { finishRun } from '../../shared/actions/finish-run.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import type { ServerMessage } from '../../shared/contracts/socket.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { newId } from '../../shared/runtime/ids.ts';
import { globalKeys, keys } from '../../shared/store/keys.ts';
import { logStore } from '../../shared/store/log-store.ts';
import { runStore } from '../../shared/store/run-store.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import type { Write } from '../../shared/store/write.ts';
import { at, workspaceId } from './builders.ts';
import { memoryTable } from './memory-table.ts';

type Finishing = Parameters<typeof finishRun>[0];

const refuse = (what: string) => () => Promise.reject(new Error(`this test plans no ${what}`));

/** What actions on runs work with, in memory; the platform, files and secrets refuse every use. */
export const memoryEngine = () => {
  const core = memoryTable();
  const traffic = memoryTable();
  const sent: { to: string; message: ServerMessage }[] = [];
  const send: SendToSocket = async (to, message) => {
    sent.push({ to, message });
    return 'sent';
  };
  let second = 100;
  const engine: Finishing = {
    core,
    traffic,
    send,
    newId,
    deploymentId: 'test',
    now: () => at((second += 1)),
    files: {
      putSnapshot: refuse('snapshot'),
      getSnapshot: refuse('snapshot'),
      putBundle: refuse('bundle'),
      getBundle: refuse('bundle'),
      removeBundle: refuse('bundle'),
      bundleUrl: refuse('bundle'),
    },
    secrets: { seal: refuse('secret'), open: refuse('secret') },
  };
  return { engine, core, traffic, sent };
};

export const scope = scopeTo(workspaceId);

/** Puts a run with the rows that it has: slots, lease and active row while it runs. */
export const putRun = async (core: ReturnType<typeof memoryTable>, run: StoredRun): Promise<StoredRun> => {
  const own = { runId: run.id, poolId: run.pool.id };
  const slot = { row: 'slot' as const, slot: 1, ...own };
  const slots: Write[] =
    run.slots === undefined
      ? []
      : [
          { put: { ...keys.workspaceSlot(scope, run.slots.workspace), ...slot } },
          { put: { ...globalKeys.poolSlot(run.pool.id, run.slots.pool), ...slot } },
          { put: { ...keys.lease(scope, run.id), row: 'lease', ...own } },
        ];
  await core.write([
    { put: { ...keys.run(scope, run.id), row: 'run', ...run } },
    { put: { ...keys.activeRun(scope, run.id), row: 'active', ...own } },
    ...slots,
  ]);
  return run;
};

export const readRun = async (core: ReturnType<typeof memoryTable>, id: string): Promise<StoredRun> => {
  const run = await runStore(core, scope).get(id);
  if (run === undefined) throw new Error(`there is no run ${id}`);
  return run;
};

export const readLog = async (
  traffic: ReturnType<typeof memoryTable>,
  runId: string,
  of = scope,
): Promise<LogLine[]> => {
  const lines: LogLine[] = [];
  const range = { afterSeq: 0, beforeSeq: Infinity, newestFirst: false };
  for await (const line of logStore(traffic, of, runId).read(range)) lines.push(line);
  return lines;
};
