import { describe, expect, test } from 'vitest';
import type { Locator } from '../../../../shared/contracts/entities/image-version.ts';
import { shareSchema } from '../../../../shared/contracts/entities/share.ts';
import type { ErrorId } from '../../../../shared/domain/triage/catalogue.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { shareStore } from '../../../../shared/store/share-store.ts';
import { at } from '../../../support/builders.ts';
import { PlatformError } from '../../../../shared/platforms/platform.ts';
import { containing } from '../../../support/matchers.ts';
import { body, refuse, sharedWorld as world } from '../../../support/shared-image.ts';

describe('who may use an image (S142–S144)', () => {
  test('is nobody else at first (S141), then whoever it is shared with, until that is taken back', async () => {
    const { aws, share, remove, list, states, events } = await world();
    expect(await list()).toEqual({ items: [] });
    const answer = await share();
    expect(answer).toMatchObject({ status: 201, body: { ...body(), state: 'shared', createdBy: 'user-1' } });
    const { id } = shareSchema.strict().parse(answer.body);
    expect([...aws.allowed]).toEqual(['eu-west-1 210987654321']);
    expect(await states()).toEqual(['210987654321 shared']);
    expect(await remove(id)).toMatchObject({ status: 204, body: '' });
    expect([aws.allowed.size, await states()]).toEqual([0, []]);
    expect(aws.calls).toEqual(['share 2 eu-west-1 210987654321', 'unshare 2 eu-west-1 210987654321']);
    expect(await events()).toMatchObject([
      {
        action: 'delete',
        actor: { id: 'user-1' },
        before: { principal: body().principal, region: 'eu-west-1' },
      },
      { action: 'create', entity: { id, name: 'Web-Base-v1 for 210987654321' }, after: body() },
    ]);
  });

  test('is listed newest first, page by page', async () => {
    const { made, list } = await world();
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.unshift((await made(body(`00000000000${n}`))).id);
    const first = await list('limit=2');
    const second = await list(`limit=3&cursor=${encodeURIComponent(first.nextCursor ?? '')}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeUndefined();
  });

  test.each([
    ['account', '21098765432', 'is no account id'],
    ['account', 'o-abcdefghij', 'is no account id'],
    ['organization', '210987654321', 'is no organization'],
    ['organization', 'o-short', 'is no organization'],
    [
      'organization',
      'arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-abcdefgh',
      'is no organization',
    ],
    ['organizational-unit', 'o-abcdefghij', 'is no organizational unit'],
    ['organizational-unit', 'ou-ab12-abcdefgh\n', 'is no organizational unit'],
  ])('is no %s with the id %j', async (type, id, detail) => {
    const { share, aws } = await world();
    expect(await share({ region: 'eu-west-1', principal: { type, id } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/principal/id', detail: containing(detail) }] },
    });
    expect(aws.calls).toEqual([]);
  });

  test.each([
    ['organization', 'o-abcdefghij'],
    ['organization', 'arn:aws-us-gov:organizations::123456789012:organization/o-abcdefghij'],
    ['organizational-unit', 'ou-ab12-abcdefgh'],
    ['organizational-unit', 'arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-abcdefgh'],
  ])('may be the %s %s', async (type, id) => {
    const { share } = await world();
    expect((await share({ region: 'eu-west-1', principal: { type, id } })).status).toBe(201);
  });
});

describe('sharing again', () => {
  test('with the same in the same region answers the share that is there, and is not told again', async () => {
    const { share, made, states, events, aws } = await world();
    const first = await made();
    expect(await share()).toMatchObject({ status: 200, body: first });
    expect(await states()).toHaveLength(1);
    expect([aws.calls.length, (await events()).length]).toEqual([2, 1]);
  });

  test('with the ARN of an organization means the organization that was named by its id', async () => {
    const { made, share } = await world();
    const { id } = await made({
      region: 'eu-west-1',
      principal: { type: 'organization', id: 'o-abcdefghij' },
    });
    const arn = 'arn:aws:organizations::123456789012:organization/o-abcdefghij';
    const again = await share({ region: 'eu-west-1', principal: { type: 'organization', id: arn } });
    expect(again).toMatchObject({ status: 200, body: { id } });
  });

  test('in another region is another share', async () => {
    const { made, states } = await world();
    await made();
    await made(body('210987654321', 'us-east-1'));
    expect(await states()).toHaveLength(2);
  });

  test('by the same idempotency key gives the first answer and asks nobody', async () => {
    const { share, aws } = await world();
    const headers = { 'idempotency-key': 'key-1' };
    const first = await share(body(), headers);
    expect(await share(body(), headers)).toMatchObject({ status: 201, body: first.body });
    expect(aws.calls).toHaveLength(1);
  });

  test('ten times at once is one share, in force and told once', async () => {
    const { share, states, events, aws } = await world();
    const answers = await Promise.all(Array.from({ length: 10 }, () => share()));
    const ids = new Set(answers.map((answer) => shareSchema.parse(answer.body).id));
    expect(answers.every(({ status }) => status === 200 || status === 201)).toBe(true);
    expect([ids.size, await states(), aws.allowed.size]).toEqual([1, ['210987654321 shared'], 1]);
    expect(await events()).toHaveLength(1);
  });

  test('while it is being taken back ends in what the account says too, whoever comes last', async () => {
    const { share, made, remove, states, aws } = await world();
    for (let round = 0; round < 20; round += 1) {
      const { id } = await made();
      await Promise.all([share(), remove(id), share()]);
      expect((await states()).length).toBe(aws.allowed.size);
    }
  });
});

describe('what cannot be shared is refused with the reason, and nothing is left of it', () => {
  test.each<[ErrorId, number, string]>([
    ['image-not-shareable', 422, 'not-shareable'],
    ['builder-setting-invalid', 422, 'not-shareable'],
    ['permission-denied', 409, 'platform-refused'],
    ['role-not-assumable', 409, 'platform-refused'],
    ['requests-throttled', 409, 'platform-refused'],
  ])('by the platform: %s is %i', async (errorId, status, code) => {
    const { share, aws, states, events } = await world();
    aws.state.next = refuse(errorId);
    expect(await share()).toMatchObject({
      status,
      body: { code, detail: `It says ${errorId}.`, errors: [{ code: errorId, pointer: '' }] },
    });
    expect([await states(), await events()]).toEqual([[], []]);
  });

  test('by the platform, for one field of the request: that field is named, with the very reason', async () => {
    const { share, aws } = await world();
    const field = '/principal/id';
    const reason = 'EC2 takes no o-abcdefghij: it wants the ARN.';
    aws.state.next = () => Promise.reject(new PlatformError('builder-setting-invalid', reason, { field }));
    expect(await share()).toMatchObject({
      status: 422,
      body: { detail: reason, errors: [{ code: 'builder-setting-invalid', pointer: field, detail: reason }] },
    });
  });

  test('a region in which there is no such image', async () => {
    const { share, aws } = await world();
    expect(await share(body('210987654321', 'eu-north-1'))).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/region', detail: containing('it is in eu-west-1, us-east-1') }] },
    });
    expect(aws.calls).toEqual([]);
  });

  test.each<[string, Locator, string]>([
    [
      'Azure',
      {
        role: 'primary',
        subscriptionId: 's',
        resourceGroup: 'images',
        gallery: 'golden',
        definition: 'Web-Base',
        version: '1.0.0',
        regions: ['westeurope'],
      },
      'gallery',
    ],
    [
      'Google Cloud',
      { role: 'primary', projectId: 'images-prod', imageName: 'web-base-v1', selfLink: 'https://x' },
      'roles/compute.imageUser',
    ],
    ['a host', { role: 'primary', host: 'pve1', templateName: 'web-base-v1' }, 'on-premises'],
  ])('an image of %s', async (_, locator, reason) => {
    const { share } = await world({ locators: [locator] });
    expect(await share(body('210987654321', 'westeurope'))).toMatchObject({
      status: 422,
      body: { code: 'not-shareable', detail: containing(reason) },
    });
  });

  test.each(['missing', 'deleted', 'revoked'] as const)('an image that is %s', async (state) => {
    const { share, aws } = await world({ state });
    expect(await share()).toMatchObject({ status: 409, body: { code: 'image-gone' } });
    expect(aws.calls).toEqual([]);
  });

  test('an image whose connection is gone', async () => {
    const { api, connection, share, states } = await world();
    expect((await api.definitions.ask('DELETE', `/connections/${connection.id}`)).status).toBe(204);
    expect(await share()).toMatchObject({ status: 409, body: { code: 'connection-gone' } });
    expect(await states()).toEqual([]);
  });

  test('an image version that is not there, or is of another workspace', async () => {
    const [one, other] = [await world(), await world()];
    const path = `/image-versions/${newId('image-version')}/shares`;
    expect((await one.api.ask('POST', path, { body: body() })).status).toBe(404);
    expect((await one.api.ask('POST', other.path, { body: body() })).status).toBe(404);
    expect((await one.api.ask('GET', other.path)).status).toBe(404);
  });

  test('with more than 500', async () => {
    const { api, version, share } = await world();
    const shares = shareStore(api.core, api.scope);
    for (let n = 0; n < 500; n += 1)
      await shares.begin({
        id: newId('share'),
        imageVersionId: version.id,
        region: 'eu-west-1',
        principal: { type: 'account', id: String(n).padStart(12, '0') },
        createdAt: at(0),
        createdBy: 'user-1',
      });
    expect(await share()).toMatchObject({ status: 409, body: { code: 'limit-reached' } });
  });
});
