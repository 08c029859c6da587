import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serviceAccountKey } from '../../../../support/platform-bodies.ts';
import { ulid } from '../../packer/fixtures.ts';
import { gcpSnapshot } from './cases.ts';
import { clientOf, serveGcp } from './loopback.ts';
import { containing, matching } from '../../../../support/matchers.ts';

let served: Awaited<ReturnType<typeof serveGcp>>;
beforeAll(async () => {
  served = await serveGcp();
});
afterAll(() => served.close());
afterEach(() => {
  served.cloud.failures.length = 0;
  served.cloud.state.denied.clear();
});

const image = (fields: object) => ({ type: 'gcp-image', projectId: 'debian-cloud', ...fields });
const family = (name: string) => ({ type: 'gcp-family', projectId: 'debian-cloud', family: name });
const resolve = (from: object, options = {}) =>
  clientOf(served.cloud, served.port, gcpSnapshot({ image: from }), options).resolveBaseImage();

describe('the base image on Google Cloud (S147, S164)', () => {
  it('is the newest of a family that is not deprecated, by its exact name', async () => {
    expect(await resolve(family('debian-12'))).toMatchObject({
      id: 'projects/debian-cloud/global/images/debian-12-v20260101',
      name: 'debian-12-v20260101',
      createdAt: '2026-01-01T00:00:00.000-08:00',
      deprecatedAt: undefined,
    });
  });

  it('may be deprecated when it is named, and says since when', async () => {
    expect(await resolve(image({ image: 'debian-12-v20250601' }))).toMatchObject({
      id: 'projects/debian-cloud/global/images/debian-12-v20250601',
      deprecatedAt: '2026-01-02T00:00:00.000-08:00',
    });
  });

  it.each([
    ['a family without images', family('debian-7')],
    ['an image that is gone', image({ image: 'debian-12-v1' })],
    ['an obsolete image, of which no machine can be made', image({ image: 'debian-9-v20200101' })],
  ])('is not %s', async (_what, from) => {
    await expect(resolve(from)).rejects.toMatchObject({
      errorId: 'base-image-not-found',
      message: matching(/debian-(7|9|12)/),
    });
  });

  it('is not one for other processors', async () => {
    await expect(resolve(family('debian-13'))).rejects.toMatchObject({
      errorId: 'base-image-mismatch',
      message: containing('ARM64'),
    });
  });

  it('is the image of another definition, with its version', async () => {
    const imageDefinitionId = `def_${ulid('L')}`;
    const { state } = served.cloud;
    const own = { name: 'base-v3', status: 'READY', diskSizeGb: '10', architecture: 'X86_64' } as const;
    state.images.set('images-prod/base-v3', { ...own, creationTimestamp: '2026-02-03T04:05:06.000-08:00' });
    const locator = {
      role: 'primary' as const,
      projectId: 'images-prod',
      imageName: 'base-v3',
      selfLink: 'https://x',
    };
    const layer = {
      imageDefinitionId,
      imageVersionId: `ver_${ulid('V')}`,
      name: 'Base-v3',
      createdAt: '2026-01-01T00:00:00.000Z',
      locators: [locator],
    };
    const snapshot = gcpSnapshot({
      image: { type: 'image-definition', imageDefinitionId },
      fields: { layer },
    });
    expect(await clientOf(served.cloud, served.port, snapshot).resolveBaseImage()).toMatchObject({
      id: 'projects/images-prod/global/images/base-v3',
      imageVersionId: layer.imageVersionId,
    });
  });
});

describe('what Google refuses (S149, S150)', () => {
  it('is told as credentials that are no good when the key was deleted', async () => {
    const other = await serveGcp();
    await other.close();
    await expect(resolve(family('debian-12'), { key: other.cloud.account.keyFile })).rejects.toMatchObject({
      errorId: 'credentials-invalid',
      message: containing('Invalid JWT Signature'),
    });
  });

  it.each(['', '{}', 'no JSON', serviceAccountKey])(
    'is told so too when the key file is none: %j',
    async (key) => {
      await expect(resolve(family('debian-12'), { key })).rejects.toMatchObject({
        errorId: 'credentials-invalid',
        message: matching(/^(?!.*PRIVATE)/s),
      });
    },
  );

  it('names the permission that is missing', async () => {
    served.cloud.state.denied.add('compute.images.getFromFamily');
    await expect(resolve(family('debian-12'))).rejects.toMatchObject({
      errorId: 'permission-denied',
      message: containing("Required 'compute.images.getFromFamily' permission"),
    });
  });

  it('is tried again when the service is busy', async () => {
    const busy = {
      error: { code: 503, message: 'The service is currently unavailable.', status: 'UNAVAILABLE' },
    };
    served.cloud.failures.push({ method: 'GET', path: /family/, answer: { status: 503, body: busy } });
    expect(await resolve(family('debian-12'))).toMatchObject({
      name: 'debian-12-v20260101',
    });
  });

  it('is told as a platform that cannot be reached when nobody answers', async () => {
    const gone = await serveGcp();
    await gone.close();
    const client = clientOf(gone.cloud, gone.port, gcpSnapshot(), { patience: 300 });
    await expect(client.resolveBaseImage()).rejects.toMatchObject({ errorId: 'platform-unreachable' });
  });
});

describe('workload identity (S149)', () => {
  const federated = () => gcpSnapshot({ connection: 'gcp workload-identity' });
  const ask = (identityToken: () => Promise<string>) =>
    clientOf(served.cloud, served.port, federated(), { identityToken }).resolveBaseImage();

  it('exchanges the deployment’s token for one of the service account, without any key', async () => {
    served.cloud.account.trustedToken = 'header.payload.signature';
    expect(await ask(() => Promise.resolve('header.payload.signature'))).toMatchObject({
      name: 'debian-12-v20260101',
    });
    const hosts = served.cloud.calls.slice(-3).map(({ host }) => host);
    expect(hosts).toEqual(['sts.googleapis.com', 'iamcredentials.googleapis.com', 'compute.googleapis.com']);
  });

  it('is refused with the reason when the provider does not trust this deployment', async () => {
    served.cloud.account.trustedToken = undefined;
    await expect(ask(() => Promise.resolve('a.b.c'))).rejects.toMatchObject({
      errorId: 'credentials-invalid',
      message: containing('audience'),
    });
  });

  it('is told as credentials too when the deployment cannot say who it is, or when the account is not to be used', async () => {
    await expect(ask(() => Promise.reject(new Error('no role')))).rejects.toMatchObject({
      errorId: 'credentials-invalid',
      message: containing('no role'),
    });
    served.cloud.account.trustedToken = 'a.b.c';
    const message =
      "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";
    const answer = { status: 403, body: { error: { code: 403, message, status: 'PERMISSION_DENIED' } } };
    served.cloud.failures.push({ method: 'POST', path: /generateAccessToken/, answer });
    await expect(ask(() => Promise.resolve('a.b.c'))).rejects.toMatchObject({
      errorId: 'permission-denied',
      message: containing('getAccessToken'),
    });
  });

  it('needs an identity of the deployment', async () => {
    await expect(clientOf(served.cloud, served.port, federated()).resolveBaseImage()).rejects.toMatchObject({
      errorId: 'credentials-invalid',
      message: containing('no identity'),
    });
  });
});

describe('the image that a build says it made (S145, S146)', () => {
  const locator = (imageName: string) => ({
    role: 'primary' as const,
    projectId: 'images-prod',
    imageName,
    selfLink: 'https://www.googleapis.com/compute/v1/projects/images-prod/global/images/x',
  });
  const put = (name: string, fields: object = {}) =>
    served.cloud.state.images.set(`images-prod/${name}`, {
      name,
      status: 'READY',
      diskSizeGb: '10',
      architecture: 'X86_64',
      creationTimestamp: '2026-01-01T00:00:00.000-08:00',
      ...fields,
    });
  const locate = (...names: string[]) =>
    clientOf(served.cloud, served.port, gcpSnapshot()).locate(names.map(locator));

  it('is found by project and name, with its family and the address that Google has for it (S147)', async () => {
    put('web-base-v1', { family: 'web-base' });
    put('web-base-v2');
    const selfLink = (name: string) =>
      `https://www.googleapis.com/compute/v1/projects/images-prod/global/images/${name}`;
    expect(await locate('web-base-v1', 'web-base-v2')).toEqual([
      { ...locator('web-base-v1'), family: 'web-base', selfLink: selfLink('web-base-v1') },
      { ...locator('web-base-v2'), selfLink: selfLink('web-base-v2') },
    ]);
  });

  it('is not there while it is pending, when it failed, or when it is gone', async () => {
    put('pending', { status: 'PENDING' });
    put('failed', { status: 'FAILED' });
    expect(await locate('pending', 'failed', 'gone')).toEqual([]);
  });

  it('is in the project of the connection', async () => {
    expect(await clientOf(served.cloud, served.port, gcpSnapshot()).accountId()).toBe('images-prod');
  });
});
