import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { logPageSchema } from '../../shared/contracts/entities/log.ts';
import type { Run } from '../../shared/contracts/entities/run.ts';
import { get } from '../support/e2e-client.ts';
import { createDefinition, shellStep } from '../support/e2e-definitions.ts';
import { activeRuns, readLog, readRun, startRun, waitForRun } from '../support/e2e-runs.ts';
import { Viewer } from '../support/e2e-viewer.ts';

const TICKS = 12;
const steps = [
  shellStep('Counts', `for n in $(seq ${TICKS}); do echo "tick $n"; sleep 0.4; done`),
  shellStep('Ends', 'echo the end'),
];

let run: Run;
let ended: Run;
let stored: LogLine[] = [];
/** From before the first line to after the last. */
let first: Viewer;
/** Comes while the script runs, and leaves before it ends. */
let second: Viewer;
/** Comes when the connection of another broke: goes on after a certain line. */
let third: Viewer;
let nameOf: (step: string) => string;
/** Last line that had come to the viewer who left. */
let seenBeforeBreak = 0;
/** Lines of the second viewer at the moment when its unsubscription was in force. */
let linesWhenLeft = 0;
let activeWhileRunning: Run | undefined;

const isTick = (n: number) => (viewer: Viewer) =>
  viewer.waitFor(
    (message) => message.type === 'log' && message.lines.some(({ text }) => text === `tick ${n}`),
  );

beforeAll(async () => {
  const created = await createDefinition('Ticking', steps);
  nameOf = created.nameOf;
  [first, second] = await Promise.all([Viewer.open(), Viewer.open()]);
  await first.followRuns();
  run = await startRun(created.definition.id);
  await first.followLog(run.id);
  await isTick(2)(first);
  activeWhileRunning = (await activeRuns()).find(({ id }) => id === run.id);
  await second.followLog(run.id);
  await isTick(5)(second);
  await second.leaveLog(run.id);
  linesWhenLeft = second.lines(run.id).length;
  seenBeforeBreak = second.lines(run.id).at(-1)?.seq ?? 0;
  third = await Viewer.open();
  await third.followLog(run.id, seenBeforeBreak);
  ended = await waitForRun(run.id);
  for (const viewer of [first, third]) await viewer.waitFor(({ type }) => type === 'log-end');
  stored = await readLog(run.id);
});

afterAll(() => {
  for (const viewer of [first, second, third]) viewer.close();
});

describe('somebody who watches a run live', () => {
  it('sees every stored line once and in order (S45, S54, S73)', () => {
    expect(ended.status).toBe('Succeeded');
    expect(first.lines(run.id)).toEqual(stored);
    expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, at) => at + 1));
  });

  it('sees a line within two seconds, long before the script has ended (S54, S74, S80)', () => {
    const ticks = first.seenLines(run.id).filter(({ line }) => line.text.startsWith('tick '));
    expect(ticks).toHaveLength(TICKS);
    expect(ticks.filter(({ at, line }) => at - Date.parse(line.ts) >= 2000)).toEqual([]);
    const scriptEnd = Date.parse(ended.steps?.[1]?.startedAt ?? '');
    const early = ticks.filter(({ at }) => at < scriptEnd - 1000);
    expect(early.length).toBeGreaterThanOrEqual(TICKS / 2);
    // Not all at once: they came as they were written.
    const moments = new Set(ticks.map(({ at }) => Math.round(at / 200)));
    expect(moments.size).toBeGreaterThanOrEqual(TICKS / 2);
  });

  it('sees each step begin and end (S52, S76)', () => {
    const said = first.steps(run.id).map(({ name, status }) => `${name}: ${status}`);
    expect(said).toEqual([
      `${nameOf('Counts')}: running`,
      `${nameOf('Counts')}: succeeded`,
      `${nameOf('Ends')}: running`,
      `${nameOf('Ends')}: succeeded`,
    ]);
  });

  it('sees the run go from Queued to its end, each change with a higher rev (S52, S56, S58, S64)', () => {
    const changes = first.changes(run.id);
    const revs = changes.map(({ rev }) => rev);
    expect(revs).toEqual([...new Set(revs)].sort((a, b) => a - b));
    const statuses = changes.map(({ status }) => status);
    expect(statuses.filter((status, at) => status !== statuses[at - 1])).toEqual([
      'Queued',
      'Running',
      'Succeeded',
    ]);
    const phases = changes.map(({ phase }) => phase);
    expect(phases.filter((phase, at) => phase !== phases[at - 1])).toEqual([
      'queued',
      'starting',
      'provisioning',
      'building',
      'verifying',
      'finishing',
      'finished',
    ]);
    expect(changes.at(-1)).toMatchObject({ status: 'Succeeded', image: ended.image, rev: ended.rev });
  });

  it('is told at last, and only then, that no more lines will come (S73)', () => {
    const ofLog = first.heard.flatMap(({ message }) =>
      'runId' in message && message.runId === run.id && message.type !== 'step' ? [message] : [],
    );
    expect(ofLog.at(-1)).toEqual({
      type: 'log-end',
      runId: run.id,
      lastSeq: stored.at(-1)?.seq,
      status: 'Succeeded',
    });
    expect(ofLog.filter(({ type }) => type === 'log-end')).toHaveLength(1);
  });
});

describe('somebody who comes later', () => {
  it('gets what was said before and goes on live, beside another viewer (S53, S73)', () => {
    const lines = second.lines(run.id);
    expect(lines).toEqual(stored.slice(0, lines.length));
    expect(lines.length).toBeGreaterThan(5);
  });

  it('gets no line any more after having switched the log off; the build goes on (S53)', () => {
    expect(second.lines(run.id)).toHaveLength(linesWhenLeft);
    expect(linesWhenLeft).toBeLessThan(stored.length - 3);
    expect(ended.status).toBe('Succeeded');
  });

  it('goes on after the last line seen, without a hole and without a line twice (S53, S74)', () => {
    expect(seenBeforeBreak).toBeGreaterThan(0);
    expect(third.lines(run.id)).toEqual(stored.slice(seenBeforeBreak));
    expect(third.heard.at(-1)?.message.type).toBe('log-end');
  });

  it('finds the run among the active ones while it runs, and not afterwards (S51, S52, S58, S72)', async () => {
    expect(activeWhileRunning).toMatchObject({
      status: 'Running',
      phase: 'building',
      currentStep: { index: 1, name: nameOf('Counts'), status: 'running' },
    });
    expect((await activeRuns()).map(({ id }) => id)).not.toContain(run.id);
  });

  it('who subscribes after the end gets the whole log and its end (S70)', async () => {
    const late = await Viewer.open();
    await late.followLog(run.id);
    await late.waitFor(({ type }) => type === 'log-end');
    late.close();
    expect(late.lines(run.id)).toEqual(stored);
    expect(late.heard.at(-1)?.message).toMatchObject({ type: 'log-end', status: 'Succeeded' });
  });
});

describe('the stored log', () => {
  it('begins with the newest line unless asked otherwise, and says that it is complete (S70, S75)', async () => {
    const page = await get(`/runs/${run.id}/log?limit=5`, logPageSchema);
    expect(page.lines).toEqual(stored.slice(-5).toReversed());
    expect(page).toMatchObject({ firstSeq: 1, lastSeq: stored.at(-1)?.seq, complete: true });
    expect((await readRun(run.id)).rev).toBe(ended.rev);
  });
});
