import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OsImage } from '../../../shared/contracts/entities/operating-system.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import type { AwsSnapshot } from '../../../shared/platforms/aws/base-image.ts';
import {
  compileInput,
  fullSnapshot,
  snapshot,
  ulid,
  withSettings,
} from '../../unit/shared/packer/fixtures.ts';
import { cases } from '../../unit/shared/platforms/aws/cases.ts';

const run = promisify(execFile);
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aws-template-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a real Packer says of the template of a snapshot; nobody has looked up its base image, if not said. */
const validate = async (from: AwsSnapshot, env: Record<string, string> = {}, baseImage?: { id: string }) => {
  const { files } = compileBundle({ ...compileInput({ snapshot: from }), baseImage });
  for (const { path, content } of files) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const own = { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, CHECKPOINT_DISABLE: '1' };
  const values = { PKR_VAR_goldsmith_nonce: 'nonce', PKR_VAR_secret_1: 'secret' };
  const options = { cwd: folder, env: { ...own, ...values, ...env } };
  const { stdout } = await run('packer', ['validate', '-machine-readable', '.'], options).catch(
    (error: unknown) => ({ stdout: `,error ${JSON.stringify(error)}` }),
  );
  return stdout;
};

const access = { communicator: 'ssh', username: 'admin' } as const;
const imageDefinitionId = `def_${ulid('BA')}`;
const layer = {
  imageDefinitionId,
  imageVersionId: `img_${ulid('V')}`,
  name: 'Base-v3',
  createdAt: '2026-01-02T03:04:05.678Z',
  locators: [
    {
      role: 'primary' as const,
      region: 'eu-central-1',
      accountId: '123456789012',
      amiId: 'ami-0bbbbbbbbbbbbbbbb',
      amiName: 'Base-v3',
    },
  ],
};
const withImage = (image: OsImage): AwsSnapshot => {
  const from = fullSnapshot();
  return { ...from, layer, operatingSystem: { ...from.operatingSystem, images: [image] } };
};
const images: OsImage[] = [
  { type: 'aws-ami', amiId: 'ami-0123456789abcdef0', access },
  { type: 'aws-ami-filter', owners: ['136693071363', 'self'], nameFilter: '${x} "debian"-12-*', access },
  { type: 'aws-ssm-parameter', parameter: '/aws/service/debian/12', access },
  { type: 'image-definition', imageDefinitionId, access },
];

describe('templates of amazon-ebs before a real Packer', () => {
  it.each(images)('are valid without anybody having looked up the $type', async (image) => {
    const env: Record<string, string> =
      image.type === 'aws-ssm-parameter' ? { PKR_VAR_base_image: 'ami-0123456789abcdef0' } : {};
    expect(await validate(withImage(image), env)).not.toMatch(/,error/);
  });

  it('do not start without the value that only Systems Manager knows', async () => {
    const parameter = { type: 'aws-ssm-parameter', parameter: '/aws/service/debian/12', access } as const;
    expect(await validate(withImage(parameter))).toMatch(/base_image/);
  });

  it.each(cases.filter(({ generations = ['1.6'] }) => generations.includes('1.6')))(
    'are valid: $name',
    async ({ snapshot: from, baseImage }) => {
      if (from.builderConfiguration.platform !== 'aws' || from.connection.platform !== 'aws')
        throw new Error('a case of another platform');
      const { builderConfiguration, connection } = from;
      expect(await validate({ ...from, builderConfiguration, connection }, {}, baseImage)).not.toMatch(
        /,error/,
      );
    },
  );

  it('would be refused by Packer where a rule of ours refuses them when they are saved', async () => {
    const shared = withSettings(snapshot(), { encryptBoot: true, amiUsers: ['210987654321'] });
    expect(await validate(shared)).toMatch(/Cannot share AMI encrypted with default KMS key/);
    const session = withSettings(snapshot(), { sshInterface: 'session_manager' });
    expect(await validate(session)).toMatch(/no iam_instance_profile defined/);
  });
});
