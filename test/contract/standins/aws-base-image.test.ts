import { CopyImageCommand, EnableImageDeprecationCommand } from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OsImage } from '../../../shared/contracts/entities/operating-system.ts';
import { containing } from '../../support/matchers.ts';
import { ulid } from '../../unit/shared/packer/fixtures.ts';
import { type Account, clientsOf, closeAccount, openAccount, runOf, snapshotIn } from './aws-account.ts';
import { createClient, credentials, debianImageId, region } from './ec2-support.ts';

const NEWEST = 'ami-0de00000000000122';
let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => closeAccount(account));

const imageDefinitionId = `def_${ulid('BA')}`;
const layerOf = (amiId: string, place = region) => ({
  imageDefinitionId,
  imageVersionId: `img_${ulid('V')}`,
  name: 'Base-v3',
  createdAt: '2026-01-02T03:04:05.678Z',
  locators: [
    { role: 'primary' as const, region: place, accountId: '123456789012', amiId, amiName: 'Base-v3' },
  ],
});
const resolve = (image: OsImage, fields: { layer?: ReturnType<typeof layerOf> } = {}, arm = false) => {
  const from = snapshotIn(account);
  const architecture = arm ? ('arm64' as const) : from.operatingSystem.architecture;
  const operatingSystem = { ...from.operatingSystem, architecture, images: [image] };
  return clientsOf({ ...from, ...fields, operatingSystem }, runOf(1)).client.resolveBaseImage();
};
const putParameter = (Name: string, Value: string) =>
  new SSMClient({ endpoint: account.standin.endpoint, region, credentials }).send(
    new PutParameterCommand({ Name, Value, Type: 'String' }),
  );
const layered: OsImage = { type: 'image-definition', imageDefinitionId };
const notFound = { errorId: 'base-image-not-found' };

describe('the exact base image on AWS (S164)', () => {
  it('is the AMI that is named, with its name and age', async () => {
    expect(await resolve({ type: 'aws-ami', amiId: debianImageId })).toMatchObject({
      id: debianImageId,
      name: 'debian-12-amd64-20251112-2294',
      createdAt: containing('2025-11-12'),
    });
  });

  it('is the newest of those that a filter finds', async () => {
    const filter = { owners: ['136693071363'], nameFilter: 'debian-12-amd64-*' };
    expect((await resolve({ type: 'aws-ami-filter', ...filter })).id).toBe(NEWEST);
  });

  it('is what a parameter of Systems Manager holds, and nothing when that is no AMI', async () => {
    await putParameter('/goldsmith/base', debianImageId);
    await putParameter('/goldsmith/motd', 'hello');
    const parameter = (name: string) => resolve({ type: 'aws-ssm-parameter', parameter: name });
    expect((await parameter('/goldsmith/base')).id).toBe(debianImageId);
    await expect(parameter('/goldsmith/motd')).rejects.toMatchObject({
      ...notFound,
      message: 'The parameter /goldsmith/motd holds no AMI id.',
    });
    await expect(parameter('/goldsmith/nobody')).rejects.toMatchObject({
      ...notFound,
      message: 'There is no parameter /goldsmith/nobody in us-east-1.',
    });
  });

  it('is the image that another definition made last, and says which version that was', async () => {
    const layer = layerOf(debianImageId);
    expect(await resolve(layered, { layer })).toMatchObject({
      id: debianImageId,
      imageVersionId: layer.imageVersionId,
    });
    const elsewhere = resolve(layered, { layer: layerOf(debianImageId, 'eu-central-1') });
    await expect(elsewhere).rejects.toMatchObject(notFound);
    const gone = resolve(layered, { layer: layerOf('ami-0ffffffffffffffff') });
    await expect(gone).rejects.toMatchObject(notFound);
  });

  it('is not one of another architecture', async () => {
    const mismatch = resolve({ type: 'aws-ami', amiId: debianImageId }, {}, true);
    await expect(mismatch).rejects.toMatchObject({ errorId: 'base-image-mismatch' });
  });

  it('says since when it is deprecated', async () => {
    const ec2 = createClient(account.standin.endpoint);
    const copy = { Name: 'old', SourceImageId: debianImageId, SourceRegion: region };
    const { ImageId: amiId = '' } = await ec2.send(new CopyImageCommand(copy));
    const DeprecateAt = new Date('2026-01-01T00:00:00Z');
    await ec2.send(new EnableImageDeprecationCommand({ ImageId: amiId, DeprecateAt }));
    expect(await resolve({ type: 'aws-ami', amiId })).toMatchObject({
      deprecatedAt: containing('2026-01-01'),
    });
  });
});
