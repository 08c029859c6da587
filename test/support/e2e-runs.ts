/** Runs as a client of the API starts, follows and ends them. */
import { z } from 'zod';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { logPageSchema } from '../../shared/contracts/entities/log.ts';
import { leftoverSchema, type Run, runSchema } from '../../shared/contracts/entities/run.ts';
import { get, post, request } from './e2e-client.ts';
import { PATIENCE_SECONDS, until } from './e2e-wait.ts';

const runListSchema = z.object({ items: z.array(runSchema) });
const leftoverListSchema = z.object({ items: z.array(leftoverSchema) });

export const startRun = (definitionId: string): Promise<Run> =>
  post(`/image-definitions/${definitionId}/runs`, runSchema);
export const readRun = (runId: string): Promise<Run> => get(`/runs/${runId}`, runSchema);
export const stopRun = (runId: string): Promise<Run> => post(`/runs/${runId}/stop`, runSchema);
export const activeRuns = async (): Promise<Run[]> =>
  (await get('/runs?active=true&limit=200', runListSchema)).items;
export const readLeftovers = async (runId: string) =>
  (await get(`/runs/${runId}/leftovers`, leftoverListSchema)).items;

/** Whether a run has ended. */
export const hasEnded = ({ status }: Pick<Run, 'status'>): boolean =>
  status !== 'Queued' && status !== 'Running';

/** A small VM is built in 10 s; two at once on a busy machine take three times that. */
const RUN_SECONDS = 120;

/** Waits until a run is as `isThere` says, and answers it. */
export const waitForRun = (
  runId: string,
  isThere: (run: Run) => boolean = hasEnded,
  seconds = RUN_SECONDS,
): Promise<Run> =>
  until(`run ${runId}`, seconds, async () => {
    const run = await readRun(runId);
    if (isThere(run)) return run;
    if (hasEnded(run))
      throw new Error(`Run ${runId} has ended: ${run.status} ${JSON.stringify(run.failure)}`);
    return undefined;
  });

/** All lines that are stored of a run, oldest first. */
export const readLog = async (runId: string): Promise<LogLine[]> => {
  const lines: LogLine[] = [];
  for (;;) {
    const after = lines.at(-1)?.seq ?? 0;
    const page = await get(`/runs/${runId}/log?order=oldest&limit=1000&afterSeq=${after}`, logPageSchema);
    if (page.lines.length === 0) return lines;
    lines.push(...page.lines);
  }
};

/** The texts of what one step's script printed. */
export const outputOf = (lines: readonly LogLine[], step: number): string[] =>
  lines
    .filter((line) => line.step === step && (line.stream === 'stdout' || line.stream === 'stderr'))
    .map(({ text }) => text);

/** Waits until a line of a run's log is as `isWanted` says. */
export const waitForLine = (runId: string, isWanted: (line: LogLine) => boolean): Promise<LogLine> =>
  until(`a line of run ${runId}`, RUN_SECONDS, async () => (await readLog(runId)).find(isWanted));

/** Has everything deleted that a run left behind, and waits until that is done. */
export const deleteLeftovers = async (runId: string): Promise<void> => {
  const answer = await request('DELETE', `/runs/${runId}/leftovers?dryRun=false`);
  if (answer.status !== 202) throw new Error(`The leftovers of ${runId} stay: ${answer.status}`);
  await until(`no leftovers of ${runId}`, PATIENCE_SECONDS, async () => {
    const { leftovers } = await readRun(runId);
    return leftovers.count === 0;
  });
};
