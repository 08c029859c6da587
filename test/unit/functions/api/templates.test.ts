import { describe, expect, test } from 'vitest';
import { type Template, templateSchema } from '../../../../shared/contracts/entities/template.ts';
import { compileBundle } from '../../../../shared/packer/compile.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { runningRun } from '../../../support/builders.ts';
import { fakeClient } from '../../../support/fake-platform.ts';
import { containing } from '../../../support/matchers.ts';
import { addDefinition, openPlatformsApi, type PlatformsApi } from '../../../support/platforms-api.ts';
import { compileInput, snapshot } from '../../shared/packer/fixtures.ts';

/** A platform that must not be asked. */
const untouched = fakeClient({ resolveBaseImage: () => Promise.reject(new Error('somebody asked')) });

const templateOf = async (api: PlatformsApi, path: string): Promise<Template> => {
  const answer = await api.ask('GET', path);
  expect(answer.status).toBe(200);
  return templateSchema.strict().parse(answer.body);
};

describe('GET …/template of a definition', () => {
  test('is what a run would give to Packer, without a secret and without asking the platform', async () => {
    const api = await openPlatformsApi(untouched);
    const { id } = await addDefinition(api, {
      step: { secretEnvironment: { TOKEN: { value: 'planted-token' } } },
    });
    const template = await templateOf(api, `/image-definitions/${id}/template`);
    expect(template.files.map(({ path }) => path)).toContain('image.pkr.json');
    expect(JSON.stringify(template)).not.toMatch(/planted|sealed/);
    expect(template.variables.map(({ from }) => from)).toEqual([
      'runner',
      containing('secretEnvironment/TOKEN'),
    ]);
    expect(template).toMatchObject({ packer: '1.6', commands: [containing('packer build')], downloads: [] });
  });

  test.each([
    ['query=1', 400],
    ['packer=1.7', 400],
    ['packer=modern', 200],
  ])('asked with %s is answered with %i', async (query, status) => {
    const api = await openPlatformsApi(untouched);
    const { id } = await addDefinition(api);
    expect((await api.ask('GET', `/image-definitions/${id}/template`, { query })).status).toBe(status);
  });

  test('of a definition that waits for a connector is there all the same (S33)', async () => {
    const api = await openPlatformsApi(untouched);
    const { id } = await addDefinition(api, { builder: { network: 'private' } });
    const { files } = await templateOf(api, `/image-definitions/${id}/template`);
    expect(files.length).toBeGreaterThan(0);
  });

  test('that no Packer would take is refused with every reason', async () => {
    const api = await openPlatformsApi(untouched);
    const image = { type: 'aws-ami', amiId: 'ami-0123456789abcdef0' };
    const { id, operatingSystemId } = await addDefinition(api, { system: { images: [image] } });
    const path = `/image-definitions/${id}/template`;
    // Nobody says who to log in as.
    expect(await api.ask('GET', path)).toMatchObject({
      status: 422,
      body: {
        code: 'cannot-start',
        errors: [{ pointer: '/builderConfigurationId', code: 'builder-setting-invalid' }],
      },
    });
    const elsewhere = { images: [{ ...image, region: 'us-east-1' }] };
    await api.definitions.ask('PATCH', `/operating-systems/${operatingSystemId}`, { body: elsewhere });
    expect(await api.ask('GET', path)).toMatchObject({
      status: 422,
      body: { code: 'cannot-start', errors: [{ pointer: '/operatingSystemId', code: 'no-base-image' }] },
    });
  });

  test('of a definition that is not there is 404', async () => {
    const api = await openPlatformsApi(untouched);
    const path = `/image-definitions/${newId('image-definition')}/template`;
    expect((await api.ask('GET', path)).status).toBe(404);
  });
});

describe('GET …/template of a run', () => {
  const putRun = async (api: PlatformsApi, fields: object = {}): Promise<string> => {
    const run = runningRun({ workspaceId: api.workspaceId, snapshotSha256: 'snapshot-1', ...fields });
    await api.core.write([{ put: { ...keys.run(api.scope, run.id), row: 'run', ...run } }]);
    return `/runs/${run.id}/template`;
  };

  test('is what it really gave to Packer, whatever became of its parts', async () => {
    const api = await openPlatformsApi(untouched);
    const bundle = compileBundle(compileInput());
    api.runFiles.snapshots.set('snapshot-1', snapshot());
    api.runFiles.bundles.set('job-1', bundle);
    const path = await putRun(api, { bundle: { key: 'job-1', sha256: 'f'.repeat(64) } });
    const template = await templateOf(api, path);
    expect(template.files).toEqual(bundle.files.map(({ path: name, content }) => ({ path: name, content })));
    expect(JSON.stringify(template.files)).toContain('ami-0abcdef0123456789');
  });

  test('is 404 until the run is prepared, and of a run that is not there', async () => {
    const api = await openPlatformsApi(untouched);
    expect(await api.ask('GET', await putRun(api))).toMatchObject({
      status: 404,
      body: { detail: containing('nothing to Packer yet') },
    });
    expect((await api.ask('GET', `/runs/${newId('run')}/template`)).status).toBe(404);
  });
});
