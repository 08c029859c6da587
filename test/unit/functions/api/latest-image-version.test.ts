import { describe, expect, test } from 'vitest';
import { readLatestImageVersion } from '../../../../functions/api/platforms/latest-image-version.ts';
import type { ImageVersion, Locator } from '../../../../shared/contracts/entities/image-version.ts';
import { type AccountClient, PlatformError } from '../../../../shared/platforms/platform.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { imageVersionStore, recordImageVersion } from '../../../../shared/store/image-version-store.ts';
import { connectionBody } from '../../../support/bodies.ts';
import { at, ulid } from '../../../support/builders.ts';
import { fakeAccount } from '../../../support/fake-platform.ts';
import { openPlatformsApi } from '../../../support/platforms-api.ts';

const imageDefinitionId = `def_${ulid('D')}`;
const call = (scope: Parameters<typeof imageVersionStore>[1]) => ({ scope, params: { imageDefinitionId } });

const version = (number: number, state: ImageVersion['state'], connectionId: string): ImageVersion => ({
  id: newId('image-version'),
  number,
  name: `Web-Base-v${number}`,
  imageDefinitionId,
  runId: newId('run'),
  state,
  locators: [
    { role: 'primary', region: 'eu-west-1', accountId: '1', amiId: `ami-${number}`, amiName: `v${number}` },
  ],
  connectionId,
  toolchain: {},
  createdAt: at(number),
});

const accountWith = (locate: AccountClient['inventory']['locate']): AccountClient =>
  fakeAccount({ inventory: { ...fakeAccount().inventory, locate } });

/** An account where these numbers are still there. */
const there = (...numbers: number[]) =>
  accountWith(async (locators: Locator[]) =>
    locators.filter((one) => numbers.some((number) => JSON.stringify(one).includes(`"ami-${number}"`))),
  );

/** A definition whose versions 1, 2, … are in these states, in an account that answers so. */
const world = async (account: AccountClient | 'none', ...states: ImageVersion['state'][]) => {
  const api = await openPlatformsApi('none', account);
  const connection = await api.create('/connections', connectionBody());
  for (const [place, state] of states.entries())
    await api.core.write(recordImageVersion(api.scope, version(place + 1, state, connection.id)));
  const latest = () => readLatestImageVersion(api.parts, call(api.scope));
  const onRecord = async () =>
    (await imageVersionStore(api.core, api.scope).listOfDefinition(imageDefinitionId, { limit: 500 }))
      .toSorted((a, b) => a.number - b.number)
      .map(({ state }) => state);
  return { api, latest, onRecord };
};

describe('the latest image version of a definition (S116)', () => {
  test('is the newest one, by one read', async () => {
    const { api } = await world('none', 'available', 'available');
    let reads = 0;
    const core = {
      ...api.core,
      getAll: async (...asked: Parameters<typeof api.core.getAll>) => {
        reads += asked[0].length;
        return api.core.getAll(...asked);
      },
    };
    const { body } = await readLatestImageVersion({ ...api.parts, core }, call(api.scope));
    expect([body, reads]).toMatchObject([{ number: 2 }, 1]);
  });

  test('may be deprecated: the image is there and works', async () => {
    const { latest } = await world('none', 'available', 'deprecated');
    expect(await latest()).toMatchObject({ body: { number: 2 } });
  });

  test.each(['missing', 'revoked', 'deleted'] as const)('is never one that is %s', async (state) => {
    const { latest } = await world('none', 'deprecated', 'available', state, state);
    expect(await latest()).toMatchObject({ body: { number: 2 } });
  });

  test('is not found when no image is there any more, or there never was one', async () => {
    const gone = await world('none', 'missing', 'deleted', 'revoked');
    await expect(gone.latest()).rejects.toMatchObject({ code: 'not-found' });
    await expect((await world('none')).latest()).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is found behind many that are gone, and not looked for without end', async () => {
    const gone = (count: number) => Array.from({ length: count }, () => 'missing' as const);
    const { latest } = await world('none', 'available', ...gone(499));
    expect(await latest()).toMatchObject({ body: { number: 1 } });
    await expect((await world('none', 'available', ...gone(500))).latest()).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('the latest image version where somebody deleted images in the account (F45)', () => {
  test('is the newest one that is still there; those that are gone are missing from then on', async () => {
    const { latest, onRecord } = await world(
      there(1, 2),
      'available',
      'deprecated',
      'available',
      'available',
    );
    expect(await latest()).toMatchObject({ body: { number: 2, state: 'deprecated' } });
    expect(await onRecord()).toEqual(['available', 'deprecated', 'missing', 'missing']);
  });

  test('is not found when all are gone', async () => {
    const { latest, onRecord } = await world(there(), 'available', 'available');
    await expect(latest()).rejects.toMatchObject({ code: 'not-found' });
    expect(await onRecord()).toEqual(['missing', 'missing']);
  });

  test.each([
    ['refuses', () => Promise.reject(new PlatformError('permission-denied', 'You may not.'))],
    ['breaks', () => Promise.reject(new Error('socket hang up'))],
    ['never answers', () => new Promise<never>(() => {})],
  ])('is what is on record where the platform %s', async (_case, locate) => {
    const { api, onRecord } = await world(accountWith(locate), 'available', 'available');
    const { body } = await readLatestImageVersion({ ...api.parts, lookLimitMs: 20 }, call(api.scope));
    expect([body, await onRecord()]).toMatchObject([{ number: 2 }, ['available', 'available']]);
  });

  test('asked by many at once is the same for all', async () => {
    const { latest, onRecord } = await world(there(1), 'available', 'available', 'available');
    const answers = await Promise.all(Array.from({ length: 8 }, latest));
    for (const answer of answers) expect(answer).toMatchObject({ body: { number: 1 } });
    expect(await onRecord()).toEqual(['available', 'missing', 'missing']);
  });
});
