import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gcpCloud } from '../../../infra/local/standins/clouds/gcp/index.ts';
import type { Locator } from '../../../shared/contracts/entities/image-version.ts';
import type { GcpSnapshot } from '../../../shared/platforms/gcp/base-image.ts';
import { gcp } from '../../../shared/platforms/gcp/index.ts';
import { machineName, runLabels } from '../../../shared/platforms/gcp/names.ts';
import { containing, matching } from '../../support/matchers.ts';
import { run, shell, step, ulid } from '../../unit/shared/packer/fixtures.ts';
import { gcpSnapshot } from '../../unit/shared/platforms/gcp/cases.ts';
import { clientOf, serveGcp } from '../../unit/shared/platforms/gcp/loopback.ts';
import { type Built, buildAt, failureOf, layerOf, login, openSite, type Prepared } from './cloud-packer.ts';

/** Debian's Packer and Goldsmith's client against Compute Engine in memory, whose machines are real. */

const ZONE = 'projects/images-prod/zones/europe-west1-b';

const start = async () => {
  const site = await openSite('gcp-build', 9, gcpCloud);
  const loopback = await serveGcp(site.cloud);
  const stop = async () => {
    await loopback.close();
    await site.stop();
  };
  return { ...site, port: loopback.port, stop };
};
let site: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  site = await start();
});
afterAll(() => site.stop());

const keyOf = (key: string) => ({ PKR_VAR_credentials_json: key });
const prepare = (snapshot: GcpSnapshot, number: number): Prepared<GcpSnapshot> => {
  const identity = { ...run, runId: `run_${ulid(`GC${number}`)}`, number };
  const client = clientOf(site.cloud, site.port, snapshot, { run: identity });
  return { snapshot, run: identity, client, variables: keyOf(site.cloud.account.keyFile) };
};

const running = (script: string, settings: object = {}, parts: Parameters<typeof gcpSnapshot>[0] = {}) =>
  gcpSnapshot({
    settings: { ...login, ...settings },
    fields: { steps: [step(1, shell({ script }))] },
    ...parts,
  });

const build = (prepared: Prepared, options?: Parameters<typeof buildAt>[3]): Promise<Built> =>
  buildAt(site, gcp, prepared, options);

const locatorsOf = ({ snapshot, run: identity }: Prepared<GcpSnapshot>, { artifacts }: Built): Locator[] =>
  artifacts.flatMap((artifact) =>
    gcp.readArtifact(artifact, { snapshot, run: identity, accountId: 'images-prod' }),
  );

/** A snapshot that builds on an image that was built before. */
const onTopOf = (script: string, locators: Locator[]): GcpSnapshot => {
  const layer = layerOf(locators);
  return running(
    script,
    {},
    {
      image: { type: 'image-definition', imageDefinitionId: layer.imageDefinitionId },
      fields: { steps: [step(1, shell({ script }))], layer },
    },
  );
};

describe('a compiled bundle on Google Cloud', () => {
  let first: Locator[] = [];

  it('builds an image that the client finds, in its family, and leaves nothing else (S125, S126, S129, S145, S146, S147)', async () => {
    const prepared = prepare(
      running('echo built > "$HOME/made-by-run"; sync\n', { imageFamily: 'web-base' }),
      1,
    );
    const checks = await prepared.client.preflight(await prepared.client.resolveBaseImage());
    expect(checks.filter(({ status }) => status !== 'pass')).toEqual([]);
    const built = await build(prepared);
    expect(built.exitCode).toBe(0);
    first = locatorsOf(prepared, built);
    expect(first).toEqual([
      {
        role: 'primary',
        projectId: 'images-prod',
        imageName: 'web-base-v1',
        family: 'web-base',
        selfLink: 'https://www.googleapis.com/compute/v1/projects/images-prod/global/images/web-base-v1',
      },
    ]);
    expect(await prepared.client.locate(first)).toEqual(first);
    const { images, instances, disks } = site.cloud.state;
    expect(images.get('images-prod/web-base-v1')?.labels).toEqual({
      team: 'web',
      größe: 'klein',
      ...runLabels(prepared.run),
    });
    expect([instances.size, disks.size]).toEqual([0, 0]);
  });

  it('tells while it builds where the machine is', async () => {
    const { lines } = await build(prepare(running('true\n'), 2));
    const facts = lines.map((line) => gcp.readOutput(line));
    expect(facts.flatMap(({ buildVm }) => buildVm ?? [])).toEqual([{ address: matching(/^127\./) }]);
  });

  it('builds on an image that was built before: what was made there is there', async () => {
    const built = await build(prepare(onTopOf('cat "$HOME/made-by-run"\n', first), 3));
    expect(built.exitCode).toBe(0);
    expect(built.lines).toContain('built');
  });

  it('takes the newest of the family itself where nobody resolved it, as plain Packer would', async () => {
    const built = await build(prepare(running('true\n'), 4), { isResolved: false });
    expect(built.exitCode).toBe(0);
    expect(built.lines).toContain('Using image: debian-12-v20260101');
  });

  it('fails with the exit code of a script, and leaves nothing (S48, S110, S151)', async () => {
    const prepared = prepare(running('exit 7\n'), 5);
    const built = await build(prepared);
    expect(built.exitCode).toBe(1);
    expect(failureOf(built)).toMatchObject({ errorId: 'script-failed', exitCode: 7 });
    expect(await prepared.client.findLeftovers([])).toEqual([]);
  });

  it('leaves machine and disk when it is killed; the client finds both and removes them (S47, S82, S83, S84)', async () => {
    const prepared = prepare(running('echo sleeping; sleep 600\n'), 6);
    await build(prepared, { until: /sleeping/ });
    const { client } = prepared;
    const name = machineName(prepared.run.runId);
    expect(await client.describeBuildVm()).toMatchObject({
      kind: 'gce-instance',
      locator: `${ZONE}/instances/${name}`,
      address: matching(/^127\./),
      user: 'admin',
    });
    const leftovers = await client.findLeftovers([]);
    expect(leftovers).toEqual([
      { kind: 'gce-instance', locator: `${ZONE}/instances/${name}` },
      { kind: 'gce-disk', locator: `${ZONE}/disks/${name}` },
    ]);
    for (const leftover of [...leftovers, ...leftovers]) await client.removeLeftover(leftover);
    expect(await client.findLeftovers([])).toEqual([]);
    expect(await client.describeBuildVm()).toBeUndefined();
  });
});

describe('a build on Google Cloud that cannot be', () => {
  it('is refused for a key of another account, which Packer says too (S149)', async () => {
    const other = gcpCloud({
      start: () => Promise.resolve({ address: '127.0.0.1' }),
      stop: () => Promise.resolve(),
      capture: () => Promise.resolve(),
    });
    const built = await build({ ...prepare(running('true\n'), 7), variables: keyOf(other.account.keyFile) });
    expect(built.exitCode).toBe(1);
    expect(failureOf(built)).toMatchObject({ errorId: 'credentials-invalid', category: 'connection' });
  });

  it('names the permission that is missing (S150)', async () => {
    const prepared = prepare(running('true\n'), 8);
    site.cloud.state.denied.add('compute.instances.create');
    const failure = failureOf(await build(prepared));
    site.cloud.state.denied.clear();
    expect(failure).toMatchObject({
      errorId: 'permission-denied',
      category: 'connection',
      message: containing('compute.instances.create'),
    });
  });

  it('names the network, the machine type, the quota or the image that is the matter (S128, S152, S162)', async () => {
    const failing = async (number: number, settings: object) =>
      failureOf(await build(prepare(running('true\n', settings), number)));
    expect(await failing(9, { network: 'none-such' })).toMatchObject({
      errorId: 'network-not-found',
      message: containing('none-such'),
    });
    expect(await failing(10, { machineType: 'z9-huge' })).toMatchObject({
      errorId: 'instance-type-invalid',
      message: containing('z9-huge'),
    });
    const { images } = site.cloud.state;
    const debian = images.get('debian-cloud/debian-12-v20260101');
    if (debian !== undefined) images.set('images-prod/web-base-v13', { ...debian, name: 'web-base-v13' });
    expect(await failing(13, {})).toMatchObject({
      errorId: 'image-name-taken',
      message: containing('web-base-v13'),
    });
    site.cloud.state.quotas.set('CPUS', { limit: 24, usage: 24 });
    expect(await failing(11, {})).toMatchObject({ errorId: 'quota-exceeded', message: containing('CPUS') });
    site.cloud.state.quotas.set('CPUS', { limit: 24, usage: 0 });
    expect(site.cloud.state.instances.size).toBe(0);
  });

  it('is only known to have taken too long where Packer 1.6 is told so by an operation, which it asks again and again', async () => {
    site.cloud.operationErrors.push([
      {
        code: 'ZONE_RESOURCE_POOL_EXHAUSTED',
        message: `The zone '${ZONE}' does not have enough resources available to fulfill the request.`,
      },
    ]);
    const built = await build(prepare(running('true\n', { stateTimeout: '3s' }), 12));
    expect(failureOf(built)).toMatchObject({ errorId: 'build-vm-not-ready', category: 'platform' });
  });
});
