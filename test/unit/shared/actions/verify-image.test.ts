import { describe, expect, test } from 'vitest';
import { finishRun } from '../../../../shared/actions/finish-run.ts';
import { verifyImage } from '../../../../shared/actions/verify-image.ts';
import type { PackerArtifact } from '../../../../shared/contracts/agent-protocol.ts';
import type { Locator } from '../../../../shared/contracts/entities/image-version.ts';
import { PlatformError } from '../../../../shared/platforms/platform.ts';
import { imageVersionStore } from '../../../../shared/store/image-version-store.ts';
import { failure, runningRun } from '../../../support/builders.ts';
import { memoryEngine, putRun, readLog, scope } from '../../../support/engine.ts';
import { fakeClient } from '../../../support/fake-platform.ts';
import { containing } from '../../../support/matchers.ts';
import { snapshot } from '../packer/fixtures.ts';

const artifact = (id: string): PackerArtifact => ({
  builderId: 'mitchellh.amazonebs',
  description: 'AMIs',
  id,
});
const region = snapshot().builderConfiguration.settings.region ?? snapshot().connection.settings.region;
const one = artifact(`${region}:ami-0123456789abcdef0`);

/** A run whose Packer ended with exit code 0, and a platform that shows what `locate` answers. */
const judge = async (
  artifacts: PackerArtifact[],
  locate: (asked: Locator[], call: number) => Promise<Locator[]>,
) => {
  const { engine, core, traffic } = memoryEngine();
  const pauses: number[] = [];
  let calls = 0;
  const verifying = {
    ...engine,
    files: { ...engine.files, getSnapshot: async () => snapshot() },
    connect: async () =>
      fakeClient({
        accountId: async () => '123456789012',
        locate: (asked) => locate(asked, (calls += 1)),
      }),
    pause: async (milliseconds: number) => pauses.push(milliseconds),
  };
  const completion = {
    outcome: 'succeeded' as const,
    exitCode: 0,
    artifacts,
    errors: [],
    temporaries: [],
    lastSeq: 9,
  };
  const run = { ...runningRun({ completion }), completion };
  await putRun(core, run);
  const judged = await verifyImage(verifying, scope, run);
  const ended = await finishRun(verifying, scope, judged, { outcome: 'failed', failure: failure() });
  const versions = await imageVersionStore(core, scope).listOfDefinition(run.imageDefinitionId, { limit: 9 });
  return { ended, versions, pauses, lines: await readLog(traffic, run.id) };
};

describe('an image version is made only of an image that the platform shows (F45)', () => {
  test('exit code 0 with an artifact that is there is one version with its locators (S21)', async () => {
    const { ended, versions } = await judge([one], async (asked) => asked);
    expect(ended.status).toBe('Succeeded');
    expect(versions).toMatchObject([
      { runId: ended.id, state: 'available', locators: [{ amiId: 'ami-0123456789abcdef0', region }] },
    ]);
    expect(ended.imageVersionId).toBe(versions[0]?.id);
  });

  test.each([
    ['no artifact', []],
    ['an artifact of no image of this platform', [{ ...one, builderId: 'packer.file' }]],
  ])('exit code 0 with %s is a failure, and none', async (_what, artifacts) => {
    const { ended, versions, lines } = await judge(artifacts, async (asked) => asked);
    expect(ended).toMatchObject({ status: 'Failed', failure: { errorId: 'image-missing-after-build' } });
    expect(versions).toEqual([]);
    expect(lines.map(({ text }) => text)).toContainEqual(containing('Packer reported 0 image(s)'));
  });

  test('an artifact that the platform never shows is a failure after two minutes of asking, and none (F44)', async () => {
    const { ended, versions, pauses } = await judge([one], async () => []);
    expect(ended).toMatchObject({ status: 'Failed', failure: { errorId: 'image-missing-after-build' } });
    expect(versions).toEqual([]);
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(110_000);
  });

  test('one that shows a while later is a version (F44)', async () => {
    const { ended, versions } = await judge([one], async (asked, call) => (call < 4 ? [] : asked));
    expect([ended.status, versions.length]).toEqual(['Succeeded', 1]);
  });

  test('of two copies of which one is not there there is none: half an image is no image', async () => {
    const both = artifact(`${one.id},eu-west-3:ami-0123456789abcdef1`);
    const { ended, versions } = await judge([both], async (asked) => asked.slice(0, 1));
    expect(ended).toMatchObject({
      status: 'Failed',
      failure: { message: containing('reported 2 image(s), the platform shows 1') },
    });
    expect(versions).toEqual([]);
  });

  test('a platform that cannot be asked is a failure that says so, and none', async () => {
    const refused = new PlatformError('permission-denied', 'ec2:DescribeImages is not allowed.');
    const { ended, versions } = await judge([one], () => Promise.reject(refused));
    expect(ended).toMatchObject({
      status: 'Failed',
      failure: { errorId: 'permission-denied', message: containing('ec2:DescribeImages') },
    });
    expect(versions).toEqual([]);
  });

  test('a platform that does not answer for a moment is asked again', async () => {
    const { ended } = await judge([one], (asked, call) =>
      call < 3 ? Promise.reject(new Error('socket hang up')) : Promise.resolve(asked),
    );
    expect(ended.status).toBe('Succeeded');
  });
});
