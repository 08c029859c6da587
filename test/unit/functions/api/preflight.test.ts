import { describe, expect, test } from 'vitest';
import { type CheckList, checkListSchema } from '../../../../shared/contracts/entities/check.ts';
import { PlatformError } from '../../../../shared/platforms/platform.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { connectionBody } from '../../../support/bodies.ts';
import { fakeAccount, fakeClient, never } from '../../../support/fake-platform.ts';
import { containing } from '../../../support/matchers.ts';
import { addDefinition, openPlatformsApi, type PlatformsApi } from '../../../support/platforms-api.ts';

const checksOf = async (api: PlatformsApi, path: string): Promise<CheckList> => {
  const answer = await api.ask('POST', path);
  expect(answer.status).toBe(200);
  return checkListSchema.strict().parse(answer.body);
};
const preflight = (api: PlatformsApi, id: string) => checksOf(api, `/image-definitions/${id}/preflight`);
const failing = ({ checks }: CheckList) => checks.filter(({ status }) => status === 'fail');

describe('POST …/preflight', () => {
  test('of a definition that would run is ok, and says what its image will be called', async () => {
    const api = await openPlatformsApi();
    const { id } = await addDefinition(api);
    const { ok, checks } = await preflight(api, id);
    expect(ok).toBe(true);
    expect(checks.every(({ status }) => status === 'pass')).toBe(true);
    expect(checks.map(({ detail }) => detail).join()).toContain('Web-Base-v5');
    // No number is used up by asking.
    expect((await preflight(api, id)).checks).toEqual(checks);
  });

  test('of a definition that is not there is 404', async () => {
    const api = await openPlatformsApi();
    const path = `/image-definitions/${newId('image-definition')}/preflight`;
    expect(await api.ask('POST', path)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  test('never refuses a bad definition: what is wrong is in the list (S32, S158, S164)', async () => {
    const api = await openPlatformsApi();
    const { id } = await addDefinition(api, {
      system: { supportState: 'deprecated' },
      builder: { network: 'private' },
      step: { type: 'powershell', osFamily: 'windows', name: 'harden', runAs: undefined },
    });
    const { ok, checks } = await preflight(api, id);
    expect(ok).toBe(false);
    expect(checks.filter(({ status }) => status !== 'pass')).toMatchObject([
      { id: 'provisioner-os', status: 'fail', detail: containing('"harden"') },
      { id: 'operating-system', status: 'warn' },
      { id: 'connector', status: 'fail', field: '/connectorId' },
    ]);
  });

  test('of parts that do not fit together names the fields, and asks no platform', async () => {
    const api = await openPlatformsApi(
      fakeClient({ resolveBaseImage: () => Promise.reject(new Error('asked')) }),
    );
    const image = { type: 'aws-ami', amiId: 'ami-0123456789abcdef0' };
    const { id, operatingSystemId } = await addDefinition(api, { system: { images: [image] } });
    const elsewhere = { images: [{ ...image, region: 'us-east-1' }] };
    await api.definitions.ask('PATCH', `/operating-systems/${operatingSystemId}`, { body: elsewhere });
    const list = await preflight(api, id);
    expect(list).toEqual({
      ok: false,
      checks: [
        {
          id: 'base-image',
          status: 'fail',
          field: '/operatingSystemId',
          detail: containing('no image'),
          remedy: containing('Correct the image of the operating system'),
        },
      ],
    });
  });

  test('tells what the platform says, with the remedy of the catalogue where it gives none', async () => {
    const api = await openPlatformsApi(
      fakeClient({
        preflight: async () => [
          { id: 'quota', status: 'fail', errorId: 'quota-exceeded', detail: 'No processor is free.' },
        ],
      }),
    );
    const { id } = await addDefinition(api);
    expect(failing(await preflight(api, id))).toEqual([
      {
        id: 'quota',
        status: 'fail',
        detail: 'No processor is free.',
        remedy: containing('Ask the provider for a higher limit'),
      },
    ]);
  });

  test('ends in time, whatever does not answer', async () => {
    const api = await openPlatformsApi(fakeClient({ preflight: never }));
    api.parts.limitMs = 20;
    const { id } = await addDefinition(api);
    const { ok, checks } = await preflight(api, id);
    expect(ok).toBe(true);
    expect(checks.at(-1)).toMatchObject({ id: 'platform', status: 'warn', detail: containing('in time') });
  });
});

describe('POST …/verify', () => {
  test('of a connection says what the platform says, at its own fields', async () => {
    const refused = new PlatformError(
      'role-not-assumable',
      'User: x is not authorized to perform: sts:AssumeRole',
    );
    const api = await openPlatformsApi('none', fakeAccount({ verify: () => Promise.reject(refused) }));
    const { id } = await api.create('/connections', connectionBody());
    expect(await checksOf(api, `/connections/${id}/verify`)).toEqual({
      ok: false,
      checks: [
        {
          id: 'credentials',
          status: 'fail',
          detail: refused.message,
          field: '/settings/auth',
          remedy: containing('external id'),
        },
      ],
    });
  });

  test('that works is ok', async () => {
    const api = await openPlatformsApi('none', fakeAccount());
    const { id } = await api.create('/connections', connectionBody());
    expect(await checksOf(api, `/connections/${id}/verify`)).toMatchObject({ ok: true });
  });

  test('on-premises is no answer of the cloud: one warning says who can check', async () => {
    const api = await openPlatformsApi('none', 'none');
    const { id } = await api.create('/connections', { name: 'site', platform: 'qemu', settings: {} });
    expect(await checksOf(api, `/connections/${id}/verify`)).toMatchObject({
      ok: true,
      checks: [{ id: 'connector', status: 'warn' }],
    });
  });

  test('of one that is not there is 404', async () => {
    const api = await openPlatformsApi();
    expect((await api.ask('POST', `/connections/${newId('connection')}/verify`)).status).toBe(404);
  });

  test('uses the connection as it is now: what was corrected counts at once (S161)', async () => {
    const seen: unknown[] = [];
    const api = await openPlatformsApi('none', fakeAccount());
    const { open } = api.parts.reach;
    api.parts.reach.open = async (scope, connection) => {
      seen.push([scope, connection.settings]);
      return open(scope, connection);
    };
    const { id } = await api.create('/connections', connectionBody());
    const settings = { region: 'eu-west-2' };
    await api.definitions.ask('PATCH', `/connections/${id}`, { body: { settings } });
    await checksOf(api, `/connections/${id}/verify`);
    expect(seen).toMatchObject([[api.scope, settings]]);
  });
});
