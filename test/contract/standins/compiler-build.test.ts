import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator } from '../../../shared/contracts/entities/image-version.ts';
import type { OsImage } from '../../../shared/contracts/entities/operating-system.ts';
import type { SnapshotStep } from '../../../shared/contracts/snapshot.ts';
import { amisOf } from '../../../shared/platforms/aws/base-image.ts';
import { connect } from '../../../shared/platforms/aws/client.ts';
import { aws } from '../../../shared/platforms/aws/index.ts';
import { file, run, secret, shell, snapshot, step, withSettings } from '../../unit/shared/packer/fixtures.ts';
import { type Account, clientsOf, runOf, snapshotIn } from './aws-account.ts';
import { artifactOf, build as buildIn, locatorsOf, type Prepared } from './aws-packer.ts';
import { createClient, credentials, region, startForTest, stopForTest } from './ec2-support.ts';

const HOSTILE = 'it\'s ${HOME} %{x} $(id) \\ " é `id` \r\n;x\t$$';
const TOKEN = 'token-0123456789';
let account: Account;
let folder = '';

beforeAll(async () => {
  account = await startForTest();
  folder = await mkdtemp(join(tmpdir(), 'compiler-build-'));
  process.env['AWS_ENDPOINT_URL'] = account.standin.endpoint;
});
afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL'];
  await stopForTest(account.options, account.standin);
  await rm(folder, { recursive: true, force: true });
});

/** A run in the stand-in's account, and all that belongs to it. */
const prepare = (steps: SnapshotStep[], number: number): Prepared => {
  const from = snapshotIn(account, {}, credentials, steps);
  const identity = runOf(number);
  return { snapshot: from, run: identity, client: clientsOf(from, identity).client };
};

const build = (prepared: Prepared, until?: RegExp) =>
  buildIn({ account, folder, env: { PKR_VAR_secret_1: TOKEN } }, prepared, until);

describe('a compiled bundle in an account', () => {
  it('builds the image from the newest base image, with files, environment and secrets as they were written (S125, S138)', async () => {
    const script = `#!/bin/bash
set -eu
printf %s "$MOTTO" | od -An -tx1 | tr -d ' \\n'; echo
[ "$TOKEN" = ${TOKEN} ] && [ "$GOLDSMITH_IMAGE_NAME/$GOLDSMITH_RUN_NUMBER/$GOLDSMITH_STEP" = Web-Base-v1/1/1 ]
ls /tmp
case "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ')" in *"$TOKEN"*) exit 9 ;; esac
`;
    const prepared = prepare(
      [
        step(1, shell({ script, secretEnvironment: { TOKEN: secret('secretEnvironment/TOKEN') } }), {
          MOTTO: HOSTILE,
        }),
        step(2, file()),
        step(3, shell({ script: 'id -u; cat /tmp/motd\r\n', runAs: 'root' })),
      ],
      1,
    );
    const { exitCode, lines } = await build(prepared);
    expect(exitCode).toBe(0);
    const text = lines.join('\n');
    expect(text).toContain(`: ${Buffer.from(HOSTILE).toString('hex')}`);
    expect(text).toContain('Welcome to {{ this }} ${machine}');
    expect(text).toMatch(/image: 0\n/);
    expect(text).not.toContain('varfile_');

    const { client } = prepared;
    const locators = amisOf(await locatorsOf(prepared, { exitCode, lines }));
    expect(locators).toHaveLength(1);
    const gone: Locator[] = locators.map((locator) => ({ ...locator, amiId: 'ami-0123456789abcdef0' }));
    expect(await client.locate([...locators, ...gone])).toEqual(locators);
    // The image is one only to a run that did not succeed.
    const image = { kind: 'ec2-image', locator: `${region}/${locators[0]?.amiId}` };
    expect(await client.findLeftovers([])).toEqual([image]);
  });

  it('gives nobody the right to start the image (S141)', async () => {
    const ec2 = createClient(account.standin.endpoint);
    const images = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
    const imageId = images.Images?.find(({ Name }) => Name === 'Web-Base-v1')?.ImageId;
    const attribute = await ec2.send(
      new DescribeImageAttributeCommand({ ImageId: imageId, Attribute: 'launchPermission' }),
    );
    expect(attribute.LaunchPermissions ?? []).toEqual([]);
  });

  it('made by a run that did not succeed after all goes away with its snapshots (S128)', async () => {
    const ec2 = createClient(account.standin.endpoint);
    const own = async () => ({
      images: (await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))).Images?.length,
      snapshots: (await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))).Snapshots?.length,
    });
    const before = await own();
    const { client } = prepare([], 1);
    const [image] = await client.findLeftovers([]);
    if (image !== undefined) for (const again of [image, image]) await client.removeLeftover(again);
    expect(await client.findLeftovers([])).toEqual([]);
    expect(await own()).toEqual({ images: (before.images ?? 0) - 1, snapshots: (before.snapshots ?? 0) - 1 });
  });

  it('fails with the exit code of a script, and leaves nothing (S48, S110, S128)', async () => {
    const prepared = prepare([step(1, shell({ script: 'echo boom >&2\nexit 7\n' }))], 2);
    const { exitCode, lines } = await build(prepared);
    expect(exitCode).toBe(1);
    expect(lines.join('\n')).toMatch(/Script exited with non-zero exit status: 7/);
    expect(await prepared.client.findLeftovers([])).toEqual([]);
    expect(artifactOf(lines)).toBe('');
  });

  it('leaves the machine when it is killed; it is found by its tag and can be removed (S47, S82, S83, S84)', async () => {
    const prepared = prepare([step(1, shell({ script: 'echo sleeping; sleep 600\n' }))], 3);
    const { lines } = await build(prepared, /sleeping/);
    const [id] = lines
      .flatMap((line) => aws.readOutput(line.split(',')[4] ?? '').temporaries ?? [])
      .flatMap((one) => (one.kind === 'ec2-instance' ? one.id : []));
    const { client } = prepared;
    expect(await client.describeBuildVm()).toMatchObject({ locator: id, region, user: 'admin' });

    const forged = [
      { kind: 'ec2-security-group', id: 'default' },
      { kind: 'ec2-instance', id: 'i-0123456789abcdef0' },
    ];
    const leftovers = await client.findLeftovers(forged);
    expect(new Set(leftovers.map(({ kind }) => kind))).toEqual(
      new Set(['ec2-instance', 'ec2-volume', 'ec2-key-pair', 'ec2-security-group']),
    );
    for (const leftover of [...leftovers, ...leftovers]) await client.removeLeftover(leftover);
    expect(await client.findLeftovers(forged)).toEqual([]);
    expect(await client.describeBuildVm()).toBeUndefined();
  });

  it('is not compiled without a base image (S164)', async () => {
    const { snapshot: from, run: identity } = prepare([], 4);
    const ask = (image: OsImage) =>
      connect({
        snapshot: { ...from, operatingSystem: { ...from.operatingSystem, images: [image] } },
        run: identity,
        decrypt: () => Promise.resolve('x'),
      }).resolveBaseImage();
    const notFound = { errorId: 'base-image-not-found' };
    await expect(ask({ type: 'aws-ami', amiId: 'ami-0ffffffffffffffff' })).rejects.toMatchObject(notFound);
    await expect(
      ask({ type: 'aws-ami-filter', owners: ['136693071363'], nameFilter: 'debian-7-*' }),
    ).rejects.toMatchObject(notFound);
    await expect(
      ask({ type: 'aws-ami', amiId: 'ami-0de00000000000122', region: 'eu-west-1' }),
    ).rejects.toMatchObject(notFound);
  });

  it('gets credentials of its own from the role of the connection', async () => {
    const from = withSettings(snapshot(), { region });
    const client = connect({ snapshot: from, run, decrypt: () => Promise.resolve('x') });
    process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
    const vended = await client.credentials?.();
    expect(vended?.AccessKeyId).not.toBe(credentials.accessKeyId);
    expect(Date.parse(vended?.Expiration ?? '') - Date.now()).toBeGreaterThan(3_000_000);
  });
});
