import { CopyImageCommand, DeregisterImageCommand, DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CheckList, checkListSchema } from '../../shared/contracts/entities/check.ts';
import { imageDefinitionSchema } from '../../shared/contracts/entities/image-definition.ts';
import { logPageSchema } from '../../shared/contracts/entities/log.ts';
import { runSchema } from '../../shared/contracts/entities/run.ts';
import { shareSchema } from '../../shared/contracts/entities/share.ts';
import { templateSchema } from '../../shared/contracts/entities/template.ts';
import { newId } from '../../shared/runtime/ids.ts';
import { recordImageVersion } from '../../shared/store/image-version-store.ts';
import type { Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { at, ulid } from '../support/builders.ts';
import { customerEc2, launchPermissions } from '../support/e2e-account.ts';
import { get, localStack, post } from '../support/e2e-client.ts';
import { PATIENCE_SECONDS, until } from '../support/e2e-wait.ts';
import { containing } from '../support/matchers.ts';
import { MISSING_AMI, makeDefinition, makeWorkspace, problem, type TestWorkspace } from './client.ts';
import { openTables } from './inside.ts';

let core: Table;
let workspace: TestWorkspace;
beforeAll(async () => {
  ({ core } = await openTables());
  workspace = await makeWorkspace();
});

/** Debian's images in the account's catalogue. */
const DEBIAN = { type: 'aws-ami-filter', owners: ['136693071363'], nameFilter: 'debian-12-amd64-*' };
const access = { communicator: 'ssh', username: 'admin' };
const debian = { images: [{ ...DEBIAN, access }] };
const builderIn = (subnetId: string) => ({
  settings: { region: localStack().region, instanceType: 't3.micro', subnetId },
});

const failing = ({ checks }: CheckList) => checks.filter(({ status }) => status === 'fail');
const checksOf = async (path: string): Promise<CheckList> => {
  const answer = await workspace.at('POST', path);
  if (answer.status !== 200) throw new Error(answer.text);
  return checkListSchema.parse(answer.body);
};

describe('POST …/preflight', () => {
  test('of the definition that npm start builds finds nothing in its way', async () => {
    const { items } = await get(
      '/image-definitions?name=QuickStart',
      z.object({ items: z.array(imageDefinitionSchema) }),
    );
    const { ok, checks } = await post(`/image-definitions/${items[0]?.id}/preflight`, checkListSchema);
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(ok).toBe(true);
    const passed = checks.filter(({ status }) => status === 'pass').map(({ id }) => id);
    expect(passed).toEqual(
      expect.arrayContaining(['definition', 'provisioner-os', 'connector', 'resources']),
    );
    expect(checks.find(({ id }) => id === 'base-image')?.detail).toMatch(/ami-[0-9a-f]+/);
  });

  test('of one whose image is nowhere blames the image, and the run fails with the same words', async () => {
    const { id } = await makeDefinition(workspace);
    const list = await checksOf(`/image-definitions/${id}/preflight`);
    const [first] = failing(list);
    expect(list.ok).toBe(false);
    expect(first).toMatchObject({
      id: 'base-image',
      field: '/operatingSystem/images/0',
      detail: containing(MISSING_AMI),
    });
    const started = runSchema.parse((await workspace.at('POST', `/image-definitions/${id}/runs`)).body);
    const run = await until(`run ${started.id}`, PATIENCE_SECONDS, async () => {
      const read = runSchema.parse((await workspace.at('GET', `/runs/${started.id}`)).body);
      return read.endedAt === undefined ? undefined : read;
    });
    expect(run.failure).toMatchObject({ errorId: 'base-image-not-found', message: first?.detail });
    const log = logPageSchema.parse((await workspace.at('GET', `/runs/${run.id}/log?order=oldest`)).body);
    const ids = new Set(log.lines.map(({ text }) => /^([a-z-]+): /.exec(text)?.[1]));
    expect(list.checks.filter((check) => !ids.has(check.id))).toEqual([]);
    expect(log.lines.find(({ seq }) => seq === run.failure?.logSeq)?.text).toContain(MISSING_AMI);
    expect((await workspace.at('GET', `/runs/${run.id}/template`)).status).toBe(404);
  });

  test('of one whose subnet does not exist names the subnet (S162)', async () => {
    const subnetId = 'subnet-0badbadbadbadbad0';
    const { id } = await makeDefinition(workspace, { os: debian, builder: builderIn(subnetId) });
    const found = failing(await checksOf(`/image-definitions/${id}/preflight`));
    expect(found).toMatchObject([{ id: 'network', detail: containing(subnetId) }]);
  });

  test('is for operators, and of nothing that is not there', async () => {
    const path = `/image-definitions/${newId('image-definition')}/preflight`;
    expect((await workspace.at('POST', path)).status).toBe(404);
    const token = await workspace.token('viewer');
    expect((await workspace.at('POST', path, { token })).status).toBe(403);
  });
});

describe('POST …/verify', () => {
  test('of a connection whose role lets us in says that it works', async () => {
    const { connectionId } = await makeDefinition(workspace);
    const { checks } = await checksOf(`/connections/${connectionId}/verify`);
    expect(checks.find(({ id }) => id === 'credentials')).toMatchObject({ status: 'pass' });
  });

  test('on-premises says who can check', async () => {
    const id = await workspace.create('/connections', { name: 'site', platform: 'qemu', settings: {} });
    expect(await checksOf(`/connections/${id}/verify`)).toMatchObject({
      ok: true,
      checks: [{ id: 'connector', status: 'warn' }],
    });
  });
});

describe('the template of a definition', () => {
  test('is there before any run, for both generations of Packer, and asks no platform', async () => {
    const { id } = await makeDefinition(workspace);
    const path = `/image-definitions/${id}/template`;
    for (const [query, packer] of [
      ['?packer=1.6', '1.6'],
      ['?packer=modern', 'modern'],
    ]) {
      const template = templateSchema.parse((await workspace.at('GET', `${path}${query}`)).body);
      expect(template.packer).toBe(packer);
      const paths = template.files.map((file) => file.path);
      expect(paths).toContain('image.pkr.json');
      expect(paths.includes('plugins.pkr.json')).toBe(packer === 'modern');
      expect(JSON.stringify(template.files)).toContain(MISSING_AMI);
      expect(JSON.stringify(template)).not.toContain('planted-licence-key');
    }
    expect(problem(await workspace.at('GET', `${path}?packer=2`)).code).toBe('bad-query');
  });
});

describe('shares of an image', () => {
  /** An image of the account's own, with its version on record as if a run had made it. */
  const addImage = async () => {
    const { region } = localStack();
    const ec2 = customerEc2();
    const { Images: images = [] } = await ec2.send(
      new DescribeImagesCommand({
        Owners: DEBIAN.owners,
        Filters: [{ Name: 'name', Values: [DEBIAN.nameFilter] }],
      }),
    );
    const name = `Shared-${ulid(Date.now())}`;
    const copy = new CopyImageCommand({
      Name: name,
      SourceImageId: images[0]?.ImageId,
      SourceRegion: region,
    });
    const { ImageId: amiId = '' } = await ec2.send(copy);
    const { connectionId } = await makeDefinition(workspace);
    const version = {
      id: newId('image-version'),
      number: 1,
      name,
      imageDefinitionId: `def_${ulid('D')}`,
      runId: newId('run'),
      state: 'available' as const,
      locators: [{ role: 'primary' as const, region, accountId: '123456789012', amiId, amiName: name }],
      connectionId,
      toolchain: {},
      createdAt: at(0),
    };
    await core.write(recordImageVersion(scopeTo(workspace.id), version));
    return { amiId, path: `/image-versions/${version.id}/shares` };
  };
  const principal = { type: 'account', id: '210987654321' };

  test('are in force once made, listed, and gone when taken back (S141–S144)', async () => {
    const { amiId, path } = await addImage();
    const { region } = localStack();
    expect(await launchPermissions(amiId)).toEqual([]);
    const made = await workspace.at('POST', path, { body: { region, principal } });
    expect([made.status, made.body]).toMatchObject([201, { region, principal, state: 'shared' }]);
    expect(await launchPermissions(amiId)).toEqual([{ UserId: principal.id }]);
    const again = await workspace.at('POST', path, { body: { region, principal } });
    expect([again.status, again.body]).toEqual([200, made.body]);
    const viewer = await workspace.token('viewer', 'reader of shares');
    expect((await workspace.at('GET', path, { token: viewer })).body).toEqual({ items: [made.body] });
    const { id } = shareSchema.parse(made.body);
    expect((await workspace.at('DELETE', `${path}/${id}`, { token: viewer })).status).toBe(403);
    expect((await workspace.at('DELETE', `${path}/${id}`)).status).toBe(204);
    expect(await launchPermissions(amiId)).toEqual([]);
    expect((await workspace.at('DELETE', `${path}/${id}`)).status).toBe(404);
    expect((await workspace.at('GET', path)).body).toEqual({ items: [] });
  });

  test('of an image that is gone from the account are refused, and nothing is left of them', async () => {
    const { amiId, path } = await addImage();
    await customerEc2().send(new DeregisterImageCommand({ ImageId: amiId }));
    const { region } = localStack();
    const refused = await workspace.at('POST', path, { body: { region, principal } });
    expect(problem(refused)).toMatchObject({
      status: 409,
      code: 'platform-refused',
      detail: containing(amiId),
    });
    expect((await workspace.at('GET', path)).body).toEqual({ items: [] });
  });

  test('in a region without the image, or with nobody that there is, are refused', async () => {
    const { path } = await addImage();
    const elsewhere = await workspace.at('POST', path, { body: { region: 'eu-north-1', principal } });
    expect(problem(elsewhere).errors).toMatchObject([{ pointer: '/region' }]);
    const { region } = localStack();
    const nobody = { region, principal: { type: 'account', id: '12' } };
    expect(problem(await workspace.at('POST', path, { body: nobody })).errors).toMatchObject([
      { pointer: '/principal/id' },
    ]);
  });
});
