import { expect, test } from 'vitest';
import { finishRun } from '../../../../shared/actions/finish-run.ts';
import { verifyImage } from '../../../../shared/actions/verify-image.ts';
import type { Completion } from '../../../../shared/contracts/agent-protocol.ts';
import { platformKinds } from '../../../../shared/contracts/platforms/kinds.ts';
import type { RunSnapshot } from '../../../../shared/contracts/snapshot.ts';
import { errorCatalogue } from '../../../../shared/domain/triage/catalogue.ts';
import { failure, runningRun } from '../../../support/builders.ts';
import { memoryEngine, putRun, readLog, scope } from '../../../support/engine.ts';
import { containing } from '../../../support/matchers.ts';
import { type PlatformCase, platformCases } from '../../../support/platform-cases.ts';

const completion: Completion = {
  outcome: 'failed',
  exitCode: 1,
  artifacts: [],
  errors: [
    { seq: 40, step: 1, text: 'Setup.exe : cannot go on' },
    {
      seq: 44,
      step: null,
      text: "Build 'x' errored after 9 minutes: Script exited with non-zero exit status: 5.",
    },
  ],
  temporaries: [],
  lastSeq: 44,
};

/** A run whose script failed, judged and ended; its snapshot is in the bucket, or cannot be read. */
const judge = async (snapshot: RunSnapshot | undefined) => {
  const { engine, core, traffic } = memoryEngine();
  const getSnapshot = async () => {
    if (snapshot === undefined) throw new Error('the bucket did not answer');
    return snapshot;
  };
  const verifying = { ...engine, files: { ...engine.files, getSnapshot }, pause: async () => undefined };
  const steps = [{ index: 1, name: 'setup', status: 'running' as const }];
  const run = { ...runningRun({ completion, steps }), completion };
  await putRun(core, run);
  const judged = await verifyImage(verifying, scope, run);
  const ended = await finishRun(verifying, scope, judged, { outcome: 'failed', failure: failure() });
  return { failure: ended.failure, lines: await readLog(traffic, run.id) };
};

const isWindows = ({ snapshot }: PlatformCase) => snapshot.operatingSystem.family === 'windows';
const named = (cases: PlatformCase[]) =>
  cases.map(({ name, snapshot }): [string, RunSnapshot] => [name, snapshot]);
const isOnPremises = ({ snapshot }: PlatformCase) =>
  platformKinds[snapshot.builderConfiguration.platform].runsOn === 'connector';
const onPremises = platformCases.filter((one) => isWindows(one) && isOnPremises(one));

test('there is a Windows build on every platform on-premises', () => {
  const platforms = Object.entries(platformKinds).flatMap(([id, { runsOn }]) =>
    runsOn === 'connector' ? [id] : [],
  );
  const built = new Set<string>(onPremises.map(({ snapshot }) => snapshot.builderConfiguration.platform));
  expect(platforms.filter((id) => !built.has(id))).toEqual([]);
});

test.each(named(onPremises))(
  'a failed %s run says where Windows keeps its logs and why they may be missing, in its remedy and its log (S156, S157)',
  async (_, snapshot) => {
    const { failure: told, lines } = await judge(snapshot);
    expect(told).toMatchObject({ errorId: 'script-failed', step: 'setup', exitCode: 5, logSeq: 40 });
    for (const place of [
      'C:\\Windows\\Temp',
      '%TEMP%',
      'Application',
      'System',
      'DISM',
      'CBS',
      'setupact',
      'setuperr',
    ])
      expect(told?.remedy).toContain(place);
    expect(told?.remedy).toContain('removed');
    expect(lines.at(-1)?.text).toEqual(containing('setuperr.log'));
  },
);

test.each(named(platformCases.filter((one) => !isWindows(one)).slice(0, 3)))(
  'a failed %s run says nothing of Windows',
  async (_, snapshot) => {
    const { failure: told } = await judge(snapshot);
    expect(told?.remedy).toBe(errorCatalogue['script-failed'].remedy);
  },
);

test('a run whose snapshot cannot be read fails for its own reason all the same', async () => {
  const { failure: told } = await judge(undefined);
  expect(told).toMatchObject({
    errorId: 'script-failed',
    exitCode: 5,
    remedy: errorCatalogue['script-failed'].remedy,
  });
});
