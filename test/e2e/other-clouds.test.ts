import { beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { imageVersionSchema } from '../../shared/contracts/entities/image-version.ts';
import type { Run } from '../../shared/contracts/entities/run.ts';
import { templateSchema } from '../../shared/contracts/entities/template.ts';
import { get } from '../support/e2e-client.ts';
import {
  azureConnection,
  azureManagedBuilder,
  cloudAccounts,
  definitionOf,
  gcpConnection,
  googleBuilder,
  linuxOf,
  preflightOf,
} from '../support/e2e-clouds.ts';
import { outputOf, readLog, startRun, waitForRun } from '../support/e2e-runs.ts';

const UBUNTU = {
  type: 'azure-marketplace',
  publisher: 'Canonical',
  offer: 'ubuntu-24_04-lts',
  sku: 'server',
};
const SCRIPT = 'id -un\nhostname | sudo tee /etc/built-by\n';

const build = async (definitionId: string): Promise<{ run: Run; log: LogLine[] }> => {
  const run = await waitForRun((await startRun(definitionId)).id);
  return { run, log: await readLog(run.id) };
};
const versionOf = (run: Run) => get(`/image-versions/${run.image?.versionId}`, imageVersionSchema);

describe('a managed image of Azure, built by Packer in a machine (S129, S131)', () => {
  let base: { id: string; name: string };
  let run: Run;
  let log: LogLine[];
  beforeAll(async () => {
    const [builderConfigurationId, operatingSystemId] = await Promise.all([
      azureConnection().then(azureManagedBuilder),
      linuxOf(UBUNTU, 'packer'),
    ]);
    base = await definitionOf({ prefix: 'Azure', operatingSystemId, builderConfigurationId, script: SCRIPT });
    ({ run, log } = await build(base.id));
  });

  it('is foreseen: every check passes before it is built', async () => {
    const { ok, checks } = await preflightOf(base.id);
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(ok).toBe(true);
    expect(checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['credentials', 'permissions', 'resource-group', 'base-image', 'image-name']),
    );
  });

  it('succeeds, and is where the run says', async () => {
    expect([run.status, run.failure]).toEqual(['Succeeded', undefined]);
    const { subscriptionId, resourceGroup } = cloudAccounts().azure;
    expect(run.image?.locators).toEqual([
      expect.objectContaining({
        role: 'primary',
        subscriptionId,
        resourceGroup,
        imageName: `${base.name}-v1`,
        location: 'westeurope',
      }),
    ]);
    expect(outputOf(log, 1)[0]).toBe('packer');
  });

  it('remembers the exact base image and what it was made with', async () => {
    const { baseImage, toolchain } = await versionOf(run);
    expect(baseImage?.id).toMatch(/^Canonical:ubuntu-24_04-lts:server:24\.04\.\d+$/i);
    expect(toolchain.packer).toMatch(/^1\./);
    const { files } = await get(`/runs/${run.id}/template`, templateSchema);
    expect(files[0]?.content).toContain(`"image_version": "${baseImage?.id.split(':').at(-1)}"`);
  });

  it('is what another definition builds on', async () => {
    const [builderConfigurationId, operatingSystemId] = await Promise.all([
      azureConnection().then(azureManagedBuilder),
      linuxOf({ type: 'image-definition', imageDefinitionId: base.id }, 'packer'),
    ]);
    const layered = await definitionOf({
      prefix: 'Layer',
      operatingSystemId,
      builderConfigurationId,
      script: 'cat /etc/built-by\n',
    });
    const second = await build(layered.id);
    expect([second.run.status, second.run.failure]).toEqual(['Succeeded', undefined]);
    // What the step of the first definition wrote.
    expect(outputOf(second.log, 1)).toEqual(outputOf(log, 1).slice(1));
    expect((await versionOf(second.run)).baseImage?.imageVersionId).toBe(run.image?.versionId);
  });
});

describe('a wrong secret', () => {
  it('fails the run before a machine is made, naming the connection (S149, S153)', async () => {
    const [builderConfigurationId, operatingSystemId] = await Promise.all([
      azureConnection('not the secret').then(azureManagedBuilder),
      linuxOf(UBUNTU, 'packer'),
    ]);
    const parts = { prefix: 'Wrong', operatingSystemId, builderConfigurationId, script: SCRIPT };
    const { id } = await definitionOf(parts);
    const { ok, checks } = await preflightOf(id);
    expect(ok).toBe(false);
    expect(checks.find(({ status }) => status === 'fail')).toMatchObject({
      id: 'credentials',
      field: '/connection/settings/auth',
    });
    const { run, log } = await build(id);
    expect(run.failure).toMatchObject({ errorId: 'credentials-invalid', category: 'connection' });
    expect(log.some(({ stream }) => stream === 'packer')).toBe(false);
    expect(log.find(({ seq }) => seq === run.failure?.logSeq)?.text).toContain('credentials');
  });
});

describe('an image of Google Cloud, built by Packer in a machine (S145–S147)', () => {
  it('succeeds, is named by a slug, and belongs to its family', async () => {
    const [builderConfigurationId, operatingSystemId] = await Promise.all([
      gcpConnection().then((id) => googleBuilder(id, { imageFamily: 'base' })),
      linuxOf({ type: 'gcp-family', projectId: 'debian-cloud', family: 'debian-12' }, 'admin'),
    ]);
    const parts = { prefix: 'Google', operatingSystemId, builderConfigurationId, script: SCRIPT };
    const definition = await definitionOf(parts);
    expect((await preflightOf(definition.id)).ok).toBe(true);
    const { run, log } = await build(definition.id);
    expect([run.status, run.failure]).toEqual(['Succeeded', undefined]);
    expect(outputOf(log, 1)[0]).toBe('admin');
    expect(run.image?.locators).toEqual([
      expect.objectContaining({
        projectId: cloudAccounts().gcp.projectId,
        imageName: `${definition.name.toLowerCase()}-v1`,
        family: 'base',
      }),
    ]);
    expect((await versionOf(run)).baseImage?.id).toContain('debian-cloud/global/images/debian-12-v');
  });
});
