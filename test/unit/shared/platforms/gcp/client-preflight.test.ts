import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newState } from '../../../../../infra/local/standins/clouds/gcp/state.ts';
import { checkListSchema } from '../../../../../shared/contracts/entities/check.ts';
import type { PlatformCheck } from '../../../../../shared/platforms/platform.ts';
import { gcpSnapshot } from './cases.ts';
import { accountOf, clientOf, serveGcp } from './loopback.ts';
import { containing } from '../../../../support/matchers.ts';

let served: Awaited<ReturnType<typeof serveGcp>>;
beforeAll(async () => {
  served = await serveGcp();
});
afterAll(() => served.close());
beforeEach(() => {
  served.cloud.state = newState('images-prod');
  served.cloud.failures.length = 0;
});

const baseImage = { id: 'projects/debian-cloud/global/images/debian-12-v20260101' };
const kmsKeyName = 'projects/keys/locations/europe-west1/keyRings/r/cryptoKeys/k';
const field = (name: string) => `/builderConfiguration/settings/${name}`;

type Parts = Parameters<typeof gcpSnapshot>[0];
const look = (parts: Parts = {}, base = baseImage): Promise<PlatformCheck[]> =>
  clientOf(served.cloud, served.port, gcpSnapshot(parts)).preflight(base);
const withSettings = (settings: object, base = baseImage) => look({ settings }, base);
const failing = (checks: PlatformCheck[]) =>
  checks
    .filter(({ status }) => status !== 'pass')
    .map(({ id, status, field: at, errorId }) => [id, status, at, errorId]);
const detailOf = (checks: PlatformCheck[], id: string) =>
  checks
    .filter((check) => check.id === id)
    .map(({ detail }) => detail)
    .join('\n');

describe('a preflight on Google Cloud', () => {
  it('passes where everything is there, and looks at everything', async () => {
    const checks = await look();
    expect(failing(checks)).toEqual([]);
    expect(checks.map(({ id }) => id)).toEqual([
      'credentials',
      'permissions',
      'region',
      'machine-type',
      'quota',
      'network',
      'disk',
      'disk',
      'base-image',
      'image-name',
      'credential-lifetime',
    ]);
    const shown = checks.map(({ errorId: _hidden, ...check }) => check);
    expect(checkListSchema.parse({ ok: true, checks: shown }).checks).toEqual(shown);
  });

  it('makes no machine and changes nothing', async () => {
    const before = served.cloud.calls.length;
    await look();
    const changing = served.cloud.calls
      .slice(before)
      .filter(({ method, path }) => method !== 'GET' && !/:testIamPermissions$|\/token$/.test(path));
    expect(changing).toEqual([]);
    expect(served.cloud.state.instances.size).toBe(0);
  });

  it('stops at credentials that are no good, and says so once (S149)', async () => {
    const other = await serveGcp();
    await other.close();
    const client = clientOf(served.cloud, served.port, gcpSnapshot(), { key: other.cloud.account.keyFile });
    expect(failing(await client.preflight(baseImage))).toEqual([
      ['credentials', 'fail', '/connection/settings/auth', 'credentials-invalid'],
    ]);
  });

  it('lists each missing permission, with the project (S150)', async () => {
    served.cloud.state.denied.add('compute.instances.create').add('compute.images.create');
    const checks = await look();
    expect(failing(checks)).toEqual([
      ['permissions', 'fail', '/connection/settings/auth', 'permission-denied'],
    ]);
    const detail = detailOf(checks, 'permissions');
    expect(detail).toBe('Missing in images-prod: compute.instances.create, compute.images.create.');
  });

  it('warns of permissions that the project does not tell', async () => {
    served.cloud.state.denied.add('iam.serviceAccounts.actAs').add('compute.subnetworks.use');
    const checks = await look();
    expect(failing(checks)).toEqual([
      ['permissions', 'warn', '/connection/settings/auth', 'permission-denied'],
    ]);
    expect(detailOf(checks, 'permissions')).toContain('iam.serviceAccounts.actAs');
  });

  it('asks each project for what is needed there', async () => {
    served.cloud.state.networks.set('shared-net/build', { autoCreateSubnetworks: true });
    const checks = await withSettings({
      imageProjectId: 'shared-1',
      network: 'build',
      networkProjectId: 'shared-net',
      omitExternalIp: true,
      disableDefaultServiceAccount: true,
    });
    expect(failing(checks)).toEqual([]);
    expect(detailOf(checks, 'permissions')).toMatch(/in images-prod\n.* in shared-1\n.*All 3 in shared-net/s);
  });
});

describe('what a build would miss (S152, S162)', () => {
  it.each([
    [
      'a zone that is not there',
      { zone: 'moon-north1-a' },
      ['region', 'zone', 'region-invalid'],
      'moon-north1-a',
    ],
    ['a zone that is down', { zone: 'europe-west1-c' }, ['region', 'zone', 'region-invalid'], 'DOWN'],
    [
      'a machine type that the zone does not have',
      { machineType: 'z9-huge' },
      ['machine-type', 'machineType', 'instance-type-invalid'],
      'z9-huge',
    ],
    [
      'a machine type of other processors',
      { machineType: 't2a-standard-2' },
      ['machine-type', 'machineType', 'architecture-mismatch'],
      'ARM64',
    ],
    ['a network', { network: 'build' }, ['network', 'network', 'network-not-found'], 'build in images-prod'],
    [
      'a network of another project, by its path',
      { network: 'projects/shared-net/global/networks/build' },
      ['network', 'network', 'network-not-found'],
      'build in shared-net',
    ],
    [
      'a subnetwork',
      { subnetwork: 'build-europe' },
      ['network', 'subnetwork', 'network-not-found'],
      'build-europe in europe-west1 of images-prod',
    ],
    [
      'a subnetwork of the zone’s region',
      { subnetwork: 'projects/images-prod/regions/us-east1/subnetworks/default' },
      ['network', 'subnetwork', 'network-not-found'],
      'us-east1',
    ],
    [
      'a disk type',
      { diskType: 'hyperdisk-x' },
      ['disk', 'diskType', 'builder-setting-invalid'],
      'hyperdisk-x',
    ],
    [
      'a key',
      { diskEncryptionKey: { kmsKeyName } },
      ['encryption-key', 'diskEncryptionKey/kmsKeyName', 'encryption-key-unusable'],
      'There is no key',
    ],
    [
      'a legal family',
      { imageFamily: 'Web Base' },
      ['image-name', 'imageFamily', 'builder-setting-invalid'],
      'Web Base',
    ],
  ])('is told with its name: %s', async (_what, settings, [id, name, errorId], words) => {
    const checks = await withSettings(settings);
    const found = checks.find((check) => check.id === id && check.field === field(name ?? ''));
    expect(found).toMatchObject({ status: 'fail', errorId, detail: containing(words) });
    expect(found?.remedy).toMatch(/\w/);
    // One cause is one problem: nothing else speaks of it.
    expect(failing(checks)).toHaveLength(1);
  });

  it('is a subnetwork’s name in a network that has none by itself', async () => {
    served.cloud.state.networks.set('images-prod/custom', { autoCreateSubnetworks: false });
    served.cloud.state.subnetworks.add('images-prod/europe-west1/build');
    expect(failing(await withSettings({ network: 'custom' }))).toEqual([
      ['network', 'fail', field('network'), 'network-not-found'],
    ]);
    expect(failing(await withSettings({ network: 'custom', subnetwork: 'build' }))).toEqual([]);
  });

  it('is a subnetwork of the network that the builder names', async () => {
    const { state, failures } = served.cloud;
    state.networks.set('images-prod/custom', { autoCreateSubnetworks: false });
    state.subnetworks.add('images-prod/europe-west1/build');
    const network = 'https://www.googleapis.com/compute/v1/projects/images-prod/global/networks/other';
    const answer = { status: 200, body: { name: 'build', network } };
    failures.push({ method: 'GET', path: /subnetworks\/build$/, answer });
    const checks = await withSettings({ network: 'custom', subnetwork: 'build' });
    expect(failing(checks)).toEqual([['network', 'fail', field('subnetwork'), 'network-not-found']]);
    expect(detailOf(checks, 'network')).toContain('is of the network other, not of custom');
  });

  it('is an enabled key', async () => {
    served.cloud.state.keys.set(kmsKeyName, 'DISABLED');
    const settings = { imageEncryptionKey: { kmsKeyName: `${kmsKeyName}/cryptoKeyVersions/4` } };
    expect(detailOf(await withSettings(settings), 'encryption-key')).toContain('DISABLED');
    served.cloud.state.keys.set(kmsKeyName, 'ENABLED');
    expect(failing(await withSettings(settings))).toEqual([]);
  });

  it('is room in the quota that the machine counts against', async () => {
    const { quotas } = served.cloud.state;
    quotas.set('CPUS', { limit: 24, usage: 23 });
    const checks = await look();
    expect(failing(checks)).toEqual([['quota', 'fail', field('machineType'), 'quota-exceeded']]);
    expect(detailOf(checks, 'quota')).toBe('CPUS in europe-west1: 23 of 24 are used, 2 are needed');
    expect(failing(await withSettings({ machineType: 'n2-standard-4' }))).toEqual([]);
    quotas.set('N2_CPUS', { limit: 8, usage: 5 });
    expect(detailOf(await withSettings({ machineType: 'n2-standard-4' }), 'quota')).toContain('N2_CPUS');
    quotas.set('PREEMPTIBLE_CPUS', { limit: 4, usage: 0 });
    expect(failing(await withSettings({ preemptible: true }))).toEqual([]);
  });

  it('is a free name for the image', async () => {
    const { images } = served.cloud.state;
    const debian = images.get('debian-cloud/debian-12-v20260101');
    if (debian !== undefined) images.set('images-prod/web-base-v7', debian);
    const checks = await look();
    expect(failing(checks)).toEqual([['image-name', 'fail', '/firstNumber', 'image-name-taken']]);
    expect(detailOf(checks, 'image-name')).toContain('projects/images-prod/global/images/web-base-v7');
  });

  it('is a disk as large as the base image', async () => {
    const windows = { id: 'projects/windows-cloud/global/images/windows-server-2022-dc-v20260101' };
    const checks = await look({ windows: true }, windows);
    expect(failing(checks)).toEqual([['disk', 'fail', field('diskSize'), 'builder-setting-invalid']]);
    expect(checks.find(({ status }) => status === 'fail')?.remedy).toBe('Set diskSize to 50 or more.');
    expect(failing(await look({ windows: true, settings: { diskSize: 50 } }, windows))).toEqual([]);
  });
});

describe('the base image, looked at before a run', () => {
  const named = (image: string) => ({ id: `projects/debian-cloud/global/images/${image}` });
  const verdict = async (image: string, settings = {}) =>
    failing(await withSettings(settings, named(image))).filter(([id]) => id === 'base-image');

  it('is warned of when it is deprecated, and fails when it is obsolete, gone or for other processors', async () => {
    const at = '/operatingSystem/images/0';
    expect(await verdict('debian-12-v20250601')).toEqual([
      ['base-image', 'warn', at, 'base-image-not-found'],
    ]);
    expect(await verdict('debian-9-v20200101')).toEqual([['base-image', 'fail', at, 'base-image-not-found']]);
    expect(await verdict('debian-1')).toEqual([['base-image', 'fail', at, 'base-image-not-found']]);
    expect(await verdict('debian-13-v20260101')).toEqual([['base-image', 'fail', at, 'base-image-mismatch']]);
  });

  it('fails when it cannot be started with secure boot where that is asked for', async () => {
    const image = served.cloud.state.images.get('debian-cloud/debian-12-v20260101');
    if (image !== undefined) image.guestOsFeatures = [];
    expect(await verdict('debian-12-v20260101')).toEqual([]);
    expect(await verdict('debian-12-v20260101', { enableSecureBoot: true })).toHaveLength(1);
  });
});

describe('what cannot be looked at', () => {
  it('is a warning that says so, and hides no other check', async () => {
    served.cloud.state.denied.add('compute.networks.get').add('compute.regions.get');
    const checks = await withSettings({ diskType: 'nothing' });
    expect(failing(checks).map(([id, status]) => [id, status])).toEqual([
      ['permissions', 'fail'],
      ['quota', 'warn'],
      ['network', 'warn'],
      ['disk', 'fail'],
    ]);
    expect(detailOf(checks, 'network')).toMatch(/may not look: .*compute\.networks\.get/);
  });

  it('is a warning also when the service that is asked is not switched on', async () => {
    const message = 'Cloud Resource Manager API has not been used in project 1 before or it is disabled.';
    const answer = { status: 403, body: { error: { code: 403, message, status: 'PERMISSION_DENIED' } } };
    served.cloud.failures.push({ method: 'POST', path: /testIamPermissions/, answer });
    const checks = await look();
    expect(failing(checks)).toEqual([
      ['permissions', 'warn', '/connection/settings/auth', 'permission-denied'],
    ]);
    expect(detailOf(checks, 'permissions')).toContain(message);
  });
});

describe('verifying a connection of Google Cloud', () => {
  const verify = (options = {}) => accountOf(served.cloud, served.port, gcpSnapshot(), options).verify();

  it('passes with credentials, project and permissions', async () => {
    const checks = await verify();
    expect(failing(checks)).toEqual([]);
    expect(checks.map(({ id, field: at }) => [id, at])).toEqual([
      ['credentials', '/settings/auth'],
      ['project', '/settings/projectId'],
      ['permissions', '/settings/auth'],
    ]);
  });

  it('says that the key is no good (S149)', async () => {
    expect(failing(await verify({ key: '{}' }))).toEqual([
      ['credentials', 'fail', '/settings/auth', 'credentials-invalid'],
    ]);
  });

  it('says what is missing (S150)', async () => {
    served.cloud.state.denied.add('compute.disks.create');
    expect(detailOf(await verify(), 'permissions')).toContain('compute.disks.create');
  });

  it.each([
    [404, "The resource 'projects/images-prod' was not found", /Correct the project/],
    [
      403,
      'Compute Engine API has not been used in project 1 before or it is disabled.',
      /Switch the Compute/,
    ],
  ])('says what is wrong with the project: %i', async (code, message, remedy) => {
    const answer = { status: code, body: { error: { code, message } } };
    served.cloud.failures.push({ method: 'GET', path: /\/zones$/, answer });
    const project = (await verify()).find(({ id }) => id === 'project');
    expect(project).toMatchObject({ status: 'fail', detail: containing(message) });
    expect(project?.remedy).toMatch(remedy);
  });
});
