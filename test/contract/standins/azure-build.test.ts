import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureCloud } from '../../../infra/local/standins/clouds/azure/index.ts';
import type { Locator } from '../../../shared/contracts/entities/image-version.ts';
import type { AzureSnapshot } from '../../../shared/platforms/azure/base-image.ts';
import { connect } from '../../../shared/platforms/azure/client.ts';
import { azure } from '../../../shared/platforms/azure/index.ts';
import { vmName } from '../../../shared/platforms/azure/names.ts';
import { containing, matching } from '../../support/matchers.ts';
import { trust } from '../../support/trust.ts';
import { run, shell, step, ulid } from '../../unit/shared/packer/fixtures.ts';
import { azureSnapshot, galleryMinimum, managedMinimum } from '../../unit/shared/platforms/azure/cases.ts';
import { definition, inGroup } from '../../unit/shared/platforms/azure/client-support.ts';
import { type Built, buildAt, failureOf, layerOf, login, openSite, type Prepared } from './cloud-packer.ts';

/** Debian's Packer and Goldsmith's client against Azure in memory, whose machines are real. */

const start = async () => {
  const site = await openSite('azure-build', 8, azureCloud);
  trust(site.certificate);
  const { hostname, port } = new URL(site.proxyUrl);
  const proxyOptions = { host: `http://${hostname}`, port: Number(port) };
  return { ...site, transport: { proxyOptions, updateIntervalInMs: 1 } };
};
let site: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  site = await start();
  site.cloud.place({ id: inGroup('images') });
  site.cloud.place({ id: inGroup('builds') });
  const gallery = inGroup('images', 'Microsoft.Compute/galleries', 'golden.images');
  site.cloud.place({ id: gallery });
  site.cloud.place({ id: `${gallery}/images/Web-Base`, properties: definition() });
});
afterAll(() => site.stop());

const prepare = (snapshot: AzureSnapshot, number: number): Prepared<AzureSnapshot> => {
  const identity = { ...run, runId: `run_${ulid(`AZ${number}`)}`, number };
  const secret = site.cloud.account.clientSecret;
  const decrypt = () => Promise.resolve(secret);
  const client = connect({ snapshot, run: identity, decrypt }, site.transport);
  return { snapshot, run: identity, client, variables: { PKR_VAR_client_secret: secret } };
};
const managed = (script: string, settings: object = {}, fields: object = {}) =>
  azureSnapshot('azure-managed', {
    settings: { ...managedMinimum, ...login, ...settings },
    fields: { steps: [step(1, shell({ script }))], ...fields },
  });

const build = (prepared: Prepared, options?: Parameters<typeof buildAt>[3]): Promise<Built> =>
  buildAt(site, azure, prepared, options);

const locatorsOf = async (
  { snapshot, run: identity, client }: Prepared<AzureSnapshot>,
  { artifacts }: Built,
) => {
  const context = { snapshot, run: identity, accountId: await client.accountId() };
  return artifacts.flatMap((artifact) => azure.readArtifact(artifact, context));
};

/** A snapshot that builds on an image that was built before. */
const onTopOf = (script: string, locators: Locator[]): AzureSnapshot => {
  const layer = layerOf(locators);
  const { operatingSystem } = azureSnapshot('azure-managed', {
    image: { type: 'image-definition', imageDefinitionId: layer.imageDefinitionId },
  });
  return managed(script, {}, { operatingSystem, layer });
};

describe('a compiled bundle on Azure', () => {
  let first: Locator[] = [];

  it('builds a managed image that the client finds, and leaves nothing else (S125, S126, S129, S131)', async () => {
    const prepared = prepare(managed('echo built > "$HOME/made-by-run"; sync\n'), 1);
    const checks = await prepared.client.preflight(await prepared.client.resolveBaseImage());
    expect(checks.filter(({ status }) => status !== 'pass')).toEqual([]);
    const built = await build(prepared);
    expect(built.exitCode).toBe(0);
    first = await locatorsOf(prepared, built);
    expect(first).toMatchObject([
      { imageName: 'Web-Base-v1', resourceGroup: 'images', location: 'westeurope' },
    ]);
    expect(await prepared.client.locate(first)).toEqual(first);
    const image = site.cloud.find(inGroup('images', 'Microsoft.Compute/images', 'Web-Base-v1'));
    expect(image?.tags).toMatchObject({
      'goldsmith:run': prepared.run.runId,
      'cost:centre': '42',
      purpose: 'build',
    });
    expect(site.cloud.ids().filter((id) => id.includes('goldsmith-run'))).toEqual([]);
    const facts = built.lines.map((line) => azure.readOutput(line));
    const group = `goldsmith-${prepared.run.runId}`;
    expect(Object.assign({}, ...facts.map(({ buildVm }) => buildVm ?? {}))).toMatchObject({
      kind: 'azure-vm',
      locator: `${group}/${vmName(prepared.run.runId)}`,
      address: matching(/^127\./),
    });
    const temporary = { kind: 'azure-resource-group', id: group };
    expect(facts.flatMap(({ temporaries = [] }) => temporaries)).toContainEqual(temporary);
  });

  it('builds on an image that was built before: what was made there is there', async () => {
    const prepared = prepare(onTopOf('cat "$HOME/made-by-run"\n', first), 3);
    const built = await build(prepared);
    expect(built.exitCode).toBe(0);
    expect(built.lines).toContain('built');
  });

  it('builds a version of a gallery image, and the managed image that Packer 1.6 makes on the way (S134, S135, S136)', async () => {
    const snapshot = azureSnapshot('azure-gallery', {
      settings: { ...galleryMinimum, ...login },
      fields: { steps: [step(1, shell({ script: 'true\n' }))] },
    });
    const prepared = prepare(snapshot, 4);
    const built = await build(prepared);
    expect(built.exitCode).toBe(0);
    const locators = await locatorsOf(prepared, built);
    expect(locators).toMatchObject([
      { role: 'primary', definition: 'Web-Base', version: '4.0.0', regions: ['westeurope', 'northeurope'] },
      { role: 'copy', imageName: 'Web-Base-v4' },
    ]);
    expect(await prepared.client.locate(locators)).toEqual(locators);
  });

  it('builds in a group that stays, where Packer 1.6 forgets the disk, which the client finds', async () => {
    const own = { location: undefined, buildResourceGroupName: 'builds' };
    const prepared = prepare(managed('true\n', own), 5);
    const { exitCode } = await build(prepared);
    expect(exitCode).toBe(0);
    const disks = (await prepared.client.findLeftovers([])).filter(({ kind }) => kind === 'azure-disk');
    const inside = () => site.cloud.ids().filter((id) => id.startsWith(`${inGroup('builds')}/`));
    expect(inside()).toEqual(disks.map(({ locator }) => locator));
    expect(disks).toHaveLength(1);
    for (const disk of disks) await prepared.client.removeLeftover(disk);
    expect(inside()).toEqual([]);
  });

  it('asks for the newest base image itself where nobody resolved it, as plain Packer would', async () => {
    const prepared = prepare(managed('true\n'), 6);
    expect((await build(prepared, { isResolved: false })).exitCode).toBe(0);
  });

  it('fails with the exit code of a script, and leaves nothing (S48, S110, S151)', async () => {
    const prepared = prepare(managed('exit 7\n'), 7);
    const built = await build(prepared);
    expect(built.exitCode).toBe(1);
    expect(failureOf(built)).toMatchObject({ errorId: 'script-failed', exitCode: 7 });
    expect(await prepared.client.findLeftovers([])).toEqual([]);
  });

  it('leaves its resource group when it is killed; the client finds the machine in it and removes it (S47, S82, S84)', async () => {
    const prepared = prepare(managed('echo sleeping; sleep 600\n'), 8);
    await build(prepared, { until: /sleeping/ });
    const { client } = prepared;
    const vm = await client.describeBuildVm();
    expect(vm).toMatchObject({ kind: 'azure-vm', user: 'admin', address: matching(/^127\./) });
    const leftovers = await client.findLeftovers([]);
    expect(leftovers.map(({ kind }) => kind)).toEqual(['azure-resource-group']);
    for (const leftover of [...leftovers, ...leftovers]) await client.removeLeftover(leftover);
    expect(await client.findLeftovers([])).toEqual([]);
    expect(await client.describeBuildVm()).toBeUndefined();
  });
});

describe('a build on Azure that cannot be', () => {
  it('is refused by Microsoft Entra for a wrong secret, which Packer says too (S149)', async () => {
    const { snapshot } = prepare(managed('true\n'), 9);
    const resolved = prepare(snapshot, 9);
    const baseImage = await resolved.client.resolveBaseImage();
    const wrong = {
      ...resolved,
      variables: { PKR_VAR_client_secret: 'another-secret' },
      client: { ...resolved.client, resolveBaseImage: () => Promise.resolve(baseImage) },
    };
    const built = await build(wrong);
    expect(built.exitCode).toBe(1);
    expect(failureOf(built)).toMatchObject({ errorId: 'credentials-invalid', category: 'connection' });
  });

  it('names the resource group, the image or the size that is the matter, in the log and the failure (S128, S152, S162)', async () => {
    const failing = async (number: number, settings: object) =>
      failureOf(await build(prepare(managed('true\n', settings), number)));
    expect(await failing(10, { managedImageResourceGroupName: 'none' })).toMatchObject({
      errorId: 'resource-group-not-found',
      message: containing('none'),
    });
    expect(await failing(1, {})).toMatchObject({
      errorId: 'image-name-taken',
      message: containing('Web-Base-v1'),
    });
    expect(await failing(11, { vmSize: 'Standard_Z9' })).toMatchObject({
      errorId: 'insufficient-capacity',
      message: containing('Standard_Z9'),
    });
  });
});
