import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newState } from '../../../../../infra/local/standins/clouds/gcp/state.ts';
import { imageSelfLink, machineName, runLabels } from '../../../../../shared/platforms/gcp/names.ts';
import { run, ulid } from '../../packer/fixtures.ts';
import { gcpSnapshot } from './cases.ts';
import { accountOf, serveGcp } from './loopback.ts';

let served: Awaited<ReturnType<typeof serveGcp>>;
beforeAll(async () => {
  served = await serveGcp();
});
afterAll(() => served.close());
beforeEach(() => {
  served.cloud.state = newState('images-prod');
});

const owner = { deploymentId: run.deploymentId, workspaceId: run.workspaceId };
const other = { ...run, runId: `run_${ulid('XX')}` };
const pathOf = (zone: string, name: string) => `projects/images-prod/zones/${zone}/instances/${name}`;

const putInstance = (labels: Record<string, string>, name: string, zone = 'europe-west1-b') =>
  served.cloud.state.instances.set(pathOf(zone, name), {
    name,
    zone,
    status: 'RUNNING',
    labels,
    metadata: { items: [] },
    disk: `projects/images-prod/zones/${zone}/disks/${name}`,
    address: '127.91.0.4',
  });
const diskPath = (zone: string, name: string) => `projects/images-prod/zones/${zone}/disks/${name}`;
const putDisk = (name: string, zone = 'europe-west1-b') =>
  served.cloud.state.disks.set(diskPath(zone, name), { name, zone, sizeGb: '20', sourceImage: 'x' });
const putImage = (
  labels: Record<string, string>,
  name: string,
  status: 'READY' | 'PENDING' | 'FAILED' = 'READY',
) =>
  served.cloud.state.images.set(`images-prod/${name}`, {
    name,
    status,
    diskSizeGb: '10',
    architecture: 'X86_64',
    creationTimestamp: '2026-01-01T00:00:00.000-08:00',
    labels,
  });
const inventory = () => accountOf(served.cloud, served.port, gcpSnapshot()).inventory;

describe('what carries the labels of a workspace of this deployment in a project (N1)', () => {
  it('is machines of all zones and images, each with its run', async () => {
    putInstance(runLabels(run), machineName(run.runId));
    putInstance(runLabels(other), machineName(other.runId), 'us-central1-a');
    putImage(runLabels(run), 'web-base-v7');
    const found = await inventory().findTagged(owner, []);
    expect(found.map(({ kind, locator, runId, isImage }) => [kind, locator, runId, isImage])).toEqual([
      ['gce-instance', pathOf('europe-west1-b', machineName(run.runId)), run.runId, false],
      ['gce-instance', pathOf('us-central1-a', machineName(other.runId)), other.runId, false],
      ['gce-image', 'projects/images-prod/global/images/web-base-v7', run.runId, true],
    ]);
  });

  it('is nothing of another deployment or workspace, nothing without a run, nothing without labels', async () => {
    putInstance({ ...runLabels(run), 'goldsmith-deployment': 'other' }, 'a');
    putInstance({ ...runLabels(run), 'goldsmith-workspace': 'ws_other' }, 'b');
    putInstance({ ...runLabels(run), 'goldsmith-run': 'nightly' }, 'c');
    putInstance({}, 'd');
    putImage({}, 'precious');
    expect(await inventory().findTagged(owner, [])).toEqual([]);
  });

  it('goes away when it is removed, and nothing else does; twice is fine', async () => {
    putInstance(runLabels(run), machineName(run.runId));
    putInstance({}, 'theirs');
    const all = await inventory().findTagged(owner, []);
    for (const one of [...all, ...all]) await one.remove();
    expect([...served.cloud.state.instances.values()].map(({ name }) => name)).toEqual(['theirs']);
  });

  it('is the disk of a machine, behind it, and goes away with it: Packer has it kept and cannot label it', async () => {
    const name = machineName(run.runId);
    putInstance(runLabels(run), name);
    for (const one of [name, 'data', 'goldsmith-run-nightly', `${name}-2`]) putDisk(one);
    const found = await inventory().findTagged(owner, []);
    expect(found.map(({ kind, locator, runId, isNamed }) => [kind, locator, runId, isNamed])).toEqual([
      ['gce-instance', pathOf('europe-west1-b', name), run.runId, undefined],
      ['gce-disk', diskPath('europe-west1-b', name), run.runId, undefined],
    ]);
    for (const one of [...found, ...found]) await one.remove();
    const left = [...served.cloud.state.disks.values()].map((disk) => disk.name);
    expect(left).toEqual(['data', 'goldsmith-run-nightly', `${name}-2`]);
  });

  it('is a disk whose machine is gone, by its name, which says the run but not the deployment', async () => {
    putDisk(machineName(run.runId), 'us-central1-a');
    const [disk, ...others] = await inventory().findTagged(owner, []);
    expect(disk).toMatchObject({ kind: 'gce-disk', runId: run.runId, isNamed: true, isImage: false });
    expect(others).toEqual([]);
    await disk?.remove();
    expect(await inventory().findTagged(owner, [])).toEqual([]);
  });

  it('is no disk whose machine is of another deployment or workspace, or of nobody', async () => {
    const name = machineName(run.runId);
    putInstance({ ...runLabels(run), 'goldsmith-deployment': 'other' }, name);
    putDisk(name);
    putInstance({}, machineName(other.runId), 'us-central1-a');
    putDisk(machineName(other.runId), 'us-central1-a');
    expect(await inventory().findTagged(owner, [])).toEqual([]);
  });

  it('is found without its disks where the connection may not list them', async () => {
    putInstance(runLabels(run), machineName(run.runId));
    putDisk(machineName(run.runId));
    served.cloud.state.denied.add('compute.disks.list');
    expect((await inventory().findTagged(owner, [])).map(({ kind }) => kind)).toEqual(['gce-instance']);
  });

  it.each(['PENDING', 'FAILED'] as const)(
    'is an image that is %s, half made, and goes away',
    async (status) => {
      putImage(runLabels(run), 'web-base-v7', status);
      const [image] = await inventory().findTagged(owner, []);
      expect(image).toMatchObject({ kind: 'gce-image', runId: run.runId, isImage: true });
      await image?.remove();
      expect(await inventory().findTagged(owner, [])).toEqual([]);
    },
  );

  it('stays when it lost the label of its run meanwhile', async () => {
    putInstance(runLabels(run), 'build');
    const [machine] = await inventory().findTagged(owner, []);
    putInstance({}, 'build');
    await expect(machine?.remove()).rejects.toThrow('none of this run');
  });
});

it('images are looked up as a connection: those that are there', async () => {
  putImage({}, 'web-base-v7');
  const locator = (imageName: string) => ({
    role: 'primary' as const,
    projectId: 'images-prod',
    imageName,
    selfLink: imageSelfLink({ projectId: 'images-prod', image: imageName }),
  });
  const found = await inventory().locate([locator('web-base-v7'), locator('web-base-v6')]);
  expect(found.map((one) => 'imageName' in one && one.imageName)).toEqual(['web-base-v7']);
  const ami = { role: 'primary' as const, region: 'eu-west-1', accountId: '1', amiId: 'ami-1', amiName: 'a' };
  await expect(inventory().locate([ami])).rejects.toThrow('another platform');
});
