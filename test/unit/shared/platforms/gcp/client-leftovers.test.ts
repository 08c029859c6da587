import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newState } from '../../../../../infra/local/standins/clouds/gcp/state.ts';
import { machineName, runLabels } from '../../../../../shared/platforms/gcp/names.ts';
import { run, ulid } from '../../packer/fixtures.ts';
import { gcpSnapshot } from './cases.ts';
import { clientOf, serveGcp } from './loopback.ts';
import { containing } from '../../../../support/matchers.ts';

let served: Awaited<ReturnType<typeof serveGcp>>;
beforeAll(async () => {
  served = await serveGcp();
});
afterAll(() => served.close());
beforeEach(() => {
  served.cloud.state = newState('images-prod');
  served.cloud.failures.length = 0;
  served.cloud.operationErrors.length = 0;
});

const zone = 'europe-west1-b';
const path = (kind: string, name: string) => `projects/images-prod/zones/${zone}/${kind}/${name}`;
const name = machineName(run.runId);
const otherRun = { ...run, runId: `run_${ulid('XX')}` };

/** The same run as another deployment has it: a table that was copied, say. */
const elsewhere = { ...run, deploymentId: 'other' };

const putInstance = (of = run, as = machineName(of.runId), address: string | undefined = '127.91.0.4') =>
  served.cloud.state.instances.set(path('instances', as), {
    name: as,
    zone,
    status: 'RUNNING',
    labels: runLabels(of),
    metadata: { items: [] },
    disk: path('disks', as),
    address,
  });
const putDisk = (as = name) =>
  served.cloud.state.disks.set(path('disks', as), { name: as, zone, sizeGb: '20', sourceImage: 'x' });
const putImage = (of = run, as = 'web-base-v7', project = 'images-prod') =>
  served.cloud.state.images.set(`${project}/${as}`, {
    name: as,
    status: 'READY',
    diskSizeGb: '10',
    architecture: 'X86_64',
    creationTimestamp: '2026-01-01T00:00:00.000-08:00',
    labels: runLabels(of),
  });
const client = (settings = {}, options = {}) =>
  clientOf(served.cloud, served.port, gcpSnapshot({ settings }), options);

describe('the build VM of a run (S82, S83)', () => {
  it('is the one that carries the run’s label', async () => {
    putInstance(otherRun);
    expect(await client().describeBuildVm()).toBeUndefined();
    putInstance();
    expect(await client().describeBuildVm()).toEqual({
      kind: 'gce-instance',
      locator: path('instances', name),
      region: 'europe-west1',
      address: '127.91.0.4',
      user: 'goldsmith',
    });
  });

  it('has no address before it has one', async () => {
    putInstance(run, name, '');
    expect(await client().describeBuildVm()).not.toHaveProperty('address');
    expect(await client({ useInternalIp: true }).describeBuildVm()).not.toHaveProperty('address');
  });
});

describe('what a run leaves behind (S84, S128)', () => {
  it('is nothing where nothing carries its label or name', async () => {
    putInstance(otherRun);
    putDisk(machineName(otherRun.runId));
    putImage(otherRun);
    expect(await client().findLeftovers([])).toEqual([]);
  });

  it('is machine, image and disk, in the order in which they can be deleted', async () => {
    putInstance();
    putDisk();
    putImage();
    const found = await client().findLeftovers([]);
    expect(found).toEqual([
      { kind: 'gce-instance', locator: path('instances', name) },
      { kind: 'gce-image', locator: 'projects/images-prod/global/images/web-base-v7' },
      { kind: 'gce-disk', locator: path('disks', name) },
    ]);
    const { state } = served.cloud;
    for (const leftover of found) await client().removeLeftover(leftover);
    expect([state.instances.size, state.disks.size, state.images.has('images-prod/web-base-v7')]).toEqual([
      0,
      0,
      false,
    ]);
    expect(await client().findLeftovers([])).toEqual([]);
  });

  it('is nothing that another deployment made for the same run, nor can it be removed', async () => {
    putInstance(elsewhere, 'theirs');
    putImage(elsewhere);
    expect(await client().findLeftovers([])).toEqual([]);
    expect(await client().describeBuildVm()).toBeUndefined();
    for (const leftover of [
      { kind: 'gce-instance', locator: path('instances', 'theirs') },
      { kind: 'gce-image', locator: 'projects/images-prod/global/images/web-base-v7' },
    ])
      await expect(client().removeLeftover(leftover)).rejects.toThrow(/none of this run/);
  });

  it('is an image that is half made, as well', async () => {
    putImage();
    const image = served.cloud.state.images.get('images-prod/web-base-v7');
    if (image !== undefined) image.status = 'PENDING';
    expect((await client().findLeftovers([])).map(({ kind }) => kind)).toEqual(['gce-image']);
  });

  it('is an image in the project that images are made in', async () => {
    putImage(run, 'web-base-v7', 'shared-1');
    const shared = client({ imageProjectId: 'shared-1' });
    const [image] = await shared.findLeftovers([]);
    expect(image?.locator).toBe('projects/shared-1/global/images/web-base-v7');
    if (image !== undefined) await shared.removeLeftover(image);
    expect(await shared.findLeftovers([])).toEqual([]);
  });

  it('is not what a script says it is: what was reported is looked up by label and name', async () => {
    putInstance(otherRun, 'database');
    const reported = [{ kind: 'gce-instance', id: 'database' }];
    expect(await client().findLeftovers(reported)).toEqual([]);
  });
});

describe('removing a leftover (S84)', () => {
  it('that is gone already is a success, whatever it was', async () => {
    for (const leftover of [
      { kind: 'gce-instance', locator: path('instances', name) },
      { kind: 'gce-disk', locator: path('disks', name) },
      { kind: 'gce-image', locator: 'projects/images-prod/global/images/web-base-v7' },
    ])
      expect(await client().removeLeftover(leftover)).toBeUndefined();
  });

  it.each([
    ['a machine of another run', 'gce-instance', path('instances', machineName(otherRun.runId))],
    ['an image of another run', 'gce-image', 'projects/images-prod/global/images/precious'],
    ['a disk of any other name', 'gce-disk', path('disks', 'precious')],
    ['a machine of another project', 'gce-instance', `projects/other-1/zones/${zone}/instances/${name}`],
    ['an image of another project', 'gce-image', 'projects/debian-cloud/global/images/debian-12-v20260101'],
    ['a machine that is called a disk', 'gce-disk', path('instances', name)],
    ['what is no kind of ours', 'gce-network', 'projects/images-prod/global/networks/default'],
  ])('never takes %s', async (_what, kind, locator) => {
    putInstance(otherRun);
    putDisk('precious');
    putImage(otherRun, 'precious');
    const sizes = () => [
      served.cloud.state.instances.size,
      served.cloud.state.disks.size,
      served.cloud.state.images.size,
    ];
    const before = sizes();
    await expect(client().removeLeftover({ kind, locator })).rejects.toThrow(/none of this run/);
    expect(sizes()).toEqual(before);
  });

  it('waits for the machine to be gone, and says what it ended with when it is not', async () => {
    putInstance();
    served.cloud.operationErrors.push([
      { code: 'RESOURCE_IN_USE_BY_ANOTHER_RESOURCE', message: 'The instance is protected.' },
    ]);
    const leftover = { kind: 'gce-instance', locator: path('instances', name) };
    await expect(client().removeLeftover(leftover)).rejects.toThrow(/The instance is protected/);
    expect(served.cloud.calls.at(-1)?.path).toMatch(/\/operations\/operation-\d+\/wait$/);
    expect(served.cloud.state.instances.size).toBe(1);
  });

  it('fails when the disk is still in use', async () => {
    putInstance();
    putDisk();
    await expect(client().removeLeftover({ kind: 'gce-disk', locator: path('disks', name) })).rejects.toThrow(
      /already being used/,
    );
  });

  it('says which permission is missing (S150)', async () => {
    putInstance();
    served.cloud.state.denied.add('compute.instances.delete');
    const leftover = { kind: 'gce-instance', locator: path('instances', name) };
    await expect(client().removeLeftover(leftover)).rejects.toMatchObject({
      errorId: 'permission-denied',
      message: containing('compute.instances.delete'),
    });
  });
});
