import { beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { logPageSchema } from '../../shared/contracts/entities/log.ts';
import type { Run } from '../../shared/contracts/entities/run.ts';
import { imagesNamed, packerGroups, temporariesOf } from '../support/e2e-account.ts';
import { get, request } from '../support/e2e-client.ts';
import { createDefinition, definitionListSchema, shellStep } from '../support/e2e-definitions.ts';
import { activeRuns, outputOf, readLog, startRun, waitForRun } from '../support/e2e-runs.ts';

/** The first run complains and fails, the second fails without a word, the third finds the cause corrected. */
const breaking = [
  shellStep('Fine', 'echo all is well; echo "a warning of a step that ends well" >&2'),
  shellStep(
    'Breaks',
    [
      'echo about to break',
      'if [ "$GOLDSMITH_RUN_NUMBER" = 1 ]; then echo "cannot open /nowhere" >&2; fi',
      'if [ "$GOLDSMITH_RUN_NUMBER" -le 2 ]; then exit 7; fi',
    ].join('\n'),
  ),
  shellStep('Last', 'echo the last step ran'),
];
const sleeping = [
  shellStep('Fine', 'echo all is well'),
  shellStep('Sleeps', 'echo begins to sleep; sleep 60; echo never', { timeoutSeconds: 3 }),
];

type Created = Awaited<ReturnType<typeof createDefinition>>;
type Ended = { run: Run; log: LogLine[] };
let created: Created;
let slow: Created;
let groupsBefore: string[] = [];
let loud: Ended;
let silent: Ended;
let corrected: Ended;
let late: Ended;

const follow = async ({ id }: Run): Promise<Ended> => {
  const run = await waitForRun(id);
  return { run, log: await readLog(id) };
};
const lineAt = ({ run, log }: Ended): LogLine | undefined =>
  log.find(({ seq }) => seq === run.failure?.logSeq);
const statuses = ({ run }: Ended) => run.steps?.map(({ status }) => status);

beforeAll(async () => {
  groupsBefore = await packerGroups();
  [created, slow] = await Promise.all([
    createDefinition('Breaking', breaking),
    createDefinition('Sleeping', sleeping),
  ]);
  const started = [
    await startRun(created.definition.id),
    await startRun(created.definition.id),
    await startRun(slow.definition.id),
    await startRun(created.definition.id),
  ];
  const [first, second, third, fourth] = await Promise.all(started.map(follow));
  if (first === undefined || second === undefined || third === undefined || fourth === undefined)
    throw new Error('four runs were started');
  [loud, silent, late, corrected] = [first, second, third, fourth];
});

describe('a run whose script exits with 7', () => {
  it('is Failed and says in which step, with which exit code and what to do (S60, S110, S148, S151)', () => {
    expect(loud.run).toMatchObject({
      status: 'Failed',
      phase: 'finished',
      failure: {
        errorId: 'script-failed',
        category: 'provisioner',
        step: created.nameOf('Breaks'),
        exitCode: 7,
        message: 'Script exited with status 7: cannot open /nowhere',
      },
    });
    expect(loud.run.failure?.remedy).toMatch(/correct the script/);
  });

  it('points at the last thing that the script complained about (S148, S154)', () => {
    expect(lineAt(loud)).toMatchObject({ step: 2, stream: 'stderr', text: 'cannot open /nowhere' });
  });

  it("points at Packer's own words where the script said nothing (S154)", () => {
    expect(silent.run).toMatchObject({
      status: 'Failed',
      failure: { category: 'provisioner', step: created.nameOf('Breaks'), exitCode: 7 },
    });
    expect(lineAt(silent)?.stream).toBe('packer');
    expect(lineAt(silent)?.text).toContain('Script exited with non-zero exit status: 7');
    expect(silent.run.failure?.message).toBe('Script exited with status 7');
  });

  it('shows what became of each step, and runs none after it (S76, S110)', () => {
    for (const ended of [loud, silent]) {
      expect(statuses(ended)).toEqual(['succeeded', 'failed', 'skipped']);
      expect(outputOf(ended.log, 3)).toEqual([]);
    }
    // Two streams: which of the two lines comes first is nobody's promise.
    expect(new Set(outputOf(loud.log, 2))).toEqual(new Set(['about to break', 'cannot open /nowhere']));
  });

  it('makes no image, neither in the account nor on record (S128)', async () => {
    for (const { run } of [loud, silent]) {
      expect(run.image).toBeUndefined();
      expect(await imagesNamed(run.imageName)).toEqual([]);
    }
    const { status } = await request('GET', `/image-definitions/${slow.definition.id}/image-versions/latest`);
    expect(status).toBe(404);
  });

  it('leaves nothing behind (S48, S81)', async () => {
    for (const { run } of [loud, silent, late]) {
      expect(run.leftovers.count).toBe(0);
      expect(await temporariesOf(run.id)).toEqual([]);
    }
    expect((await packerGroups()).filter((name) => !groupsBefore.includes(name))).toEqual([]);
  });

  it('leads from the list of definitions to the line of the error (S43, S44, S154)', async () => {
    const { items } = await get(`/image-definitions?name=${slow.definition.name}`, definitionListSchema);
    expect(items).toMatchObject([{ status: 'Failed', latestRun: { id: late.run.id } }]);
    const path = `/image-definitions/${slow.definition.id}/log?level=error`;
    const { lines } = await get(path, logPageSchema);
    expect(lines.map(({ seq }) => seq)).toContain(late.run.failure?.logSeq);
  });
});

describe('the run after a failed one', () => {
  it('has the next number and succeeds once the cause is corrected (S63, S127, S155)', async () => {
    const numbers = [loud, silent, corrected].map(({ run }) => run.number);
    expect(numbers).toEqual([1, 2, 3]);
    expect(corrected.run).toMatchObject({ status: 'Succeeded', imageName: `${created.definition.name}-v3` });
    expect(outputOf(corrected.log, 3)).toEqual(['the last step ran']);
    expect(await imagesNamed(corrected.run.imageName)).toHaveLength(1);
  });

  it('leaves the logs of the runs before it as they were (S70, S71)', async () => {
    expect(await readLog(loud.run.id)).toEqual(loud.log);
  });

  it('gives its slot back, so that nothing is active in the end (S72)', async () => {
    const own = [loud, silent, late, corrected].map(({ run }) => run.id);
    const active = (await activeRuns()).map(({ id }) => id);
    expect(active.filter((id) => own.includes(id))).toEqual([]);
  });
});

describe('a step that takes longer than its limit', () => {
  it('fails the run as a time-out that names the step (S78, S148)', () => {
    expect(late.run).toMatchObject({
      status: 'Failed',
      failure: { errorId: 'step-timed-out', category: 'timeout', step: slow.nameOf('Sleeps') },
    });
    expect(statuses(late)).toEqual(['succeeded', 'failed']);
    expect(late.run.steps?.[1]?.durationSeconds).toBeGreaterThan(2.5);
    expect(late.run.steps?.[1]?.durationSeconds).toBeLessThan(20);
  });

  it('is named with its limit in the line that the failure points at (S78)', () => {
    expect(lineAt(late)?.text).toContain(`${slow.nameOf('Sleeps')}: timed out`);
    expect(lineAt(late)?.text).toContain('3 s');
    expect(outputOf(late.log, 2)).toContain('begins to sleep');
    expect(outputOf(late.log, 2)).not.toContain('never');
  });
});
