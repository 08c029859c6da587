import { describe, expect, test } from 'vitest';
import type { BuilderConfiguration } from '../../../../../shared/contracts/entities/builder-configuration.ts';
import type { OperatingSystem, OsImage } from '../../../../../shared/contracts/entities/operating-system.ts';
import { fittingImages, misfits } from '../../../../../shared/domain/definition/fit.ts';
import { warningsOf } from '../../../../../shared/domain/definition/warnings.ts';
import { base, ulid } from '../../../../support/builders.ts';

type AmazonBuilder = Extract<BuilderConfiguration, { builderType: 'amazon-ebs' }>;
const connectionId = `con_${ulid('C')}`;
const access = { communicator: 'ssh' as const, username: 'ubuntu' };
const ami = (fields: Partial<Extract<OsImage, { type: 'aws-ami' }>> = {}): OsImage => ({
  type: 'aws-ami',
  amiId: 'ami-0123456789abcdef0',
  access,
  ...fields,
});
const os = (fields: Partial<OperatingSystem> = {}): OperatingSystem => ({
  ...base(`os_${ulid('S')}`, 'Ubuntu'),
  family: 'linux',
  distribution: 'ubuntu',
  version: '24.04',
  architecture: 'x86_64',
  images: [ami()],
  supportState: 'supported',
  ...fields,
});
const builder = (
  settings: Partial<AmazonBuilder['settings']> = {},
  fields: Partial<AmazonBuilder> = {},
): AmazonBuilder => ({
  ...base(`bld_${ulid('B')}`, 'Small'),
  platform: 'aws',
  builderType: 'amazon-ebs',
  connectionId,
  network: 'public',
  settings: { instanceType: 't3.small', ...settings },
  ...fields,
});
const codes = (parts: Parameters<typeof warningsOf>[0]) => warningsOf(parts).map((warning) => warning.code);
const parts = (operatingSystem: OperatingSystem, from = builder()) => ({
  definition: {},
  operatingSystem,
  builder: from,
  steps: [],
});

describe('images that a builder can start from', () => {
  test.each([
    ['names neither connection nor region', ami(), {}, 1],
    ['names the connection of the builder', ami({ connectionId }), {}, 1],
    ['names another connection', ami({ connectionId: `con_${ulid('X')}` }), {}, 0],
    ['names the region of the builder', ami({ region: 'eu-west-1' }), { region: 'eu-west-1' }, 1],
    ['names another region', ami({ region: 'eu-west-2' }), { region: 'eu-west-1' }, 0],
    ['names a region and the builder none', ami({ region: 'eu-west-2' }), {}, 1],
  ])('one that %s', (_case, image, settings, count) => {
    expect(fittingImages(os({ images: [image] }), builder(settings))).toHaveLength(count);
  });
});

describe('what is refused when it is saved', () => {
  test('a platform that is not the builder’s (S27)', () => {
    const errors = misfits({ definition: { platform: 'azure' }, operatingSystem: os(), builder: builder() });
    expect(errors).toEqual([expect.objectContaining({ pointer: '/platform', code: 'platform-mismatch' })]);
  });

  test('an operating system without an image for the builder', () => {
    const operatingSystem = os({ images: [ami({ connectionId: `con_${ulid('X')}` })] });
    expect(misfits({ definition: {}, operatingSystem, builder: builder() })).toEqual([
      expect.objectContaining({ pointer: '/operatingSystemId', code: 'no-base-image' }),
    ]);
  });

  test('user data of a builder for a system that is reached by WinRM, which a run opens by user data', () => {
    const from = builder({ userData: '#!/bin/sh\n' });
    const winrm = { communicator: 'winrm' as const, username: 'Administrator' };
    const found = (operatingSystem: OperatingSystem) =>
      misfits({ definition: {}, operatingSystem, builder: from }).map(
        ({ pointer, code }) => `${pointer} ${code}`,
      );
    const conflict = ['/builderConfigurationId user-data-conflict'];
    expect(found(os())).toEqual([]);
    expect(found(os({ family: 'windows' }))).toEqual([]);
    expect(found(os({ family: 'windows', images: [ami({ access: undefined })] }))).toEqual(conflict);
    expect(found(os({ images: [ami({ access: winrm })] }))).toEqual(conflict);
  });

  test('nothing of what fits together', () => {
    expect(misfits({ definition: { platform: 'aws' }, operatingSystem: os(), builder: builder() })).toEqual(
      [],
    );
  });
});

describe('what is only warned of', () => {
  test('nothing, when all is well (S34)', () => {
    const steps = [{ name: 'one', osFamily: 'linux' }];
    expect(warningsOf({ ...parts(os()), steps })).toEqual([]);
  });

  test('a private network without a connector (S33)', () => {
    const from = builder({}, { network: 'private' });
    expect(codes(parts(os(), from))).toEqual(['connector-needed']);
    expect(codes({ ...parts(os(), from), connectorId: 'cnr_1' })).toEqual([]);
  });

  test.each(['deprecated', 'withdrawn'] as const)('an operating system that is %s (S164)', (supportState) => {
    expect(codes(parts(os({ supportState })))).toEqual([`operating-system-${supportState}`]);
  });

  test('each provisioner for the other family, by its name (S158, S160)', () => {
    const steps = [
      { name: 'harden', osFamily: 'windows' },
      { name: 'update', osFamily: 'linux' },
      { name: 'defrag', osFamily: 'windows' },
    ];
    expect(warningsOf({ ...parts(os()), steps }).map((warning) => warning.detail)).toEqual([
      expect.stringContaining('harden'),
      expect.stringContaining('defrag'),
    ]);
  });

  test('a Linux image that nobody can log in to', () => {
    expect(warningsOf(parts(os({ images: [ami({ access: undefined })] })))).toEqual([
      expect.objectContaining({ code: 'login-missing', pointer: '/operatingSystemId' }),
    ]);
  });

  test.each([
    ['the builder names the user', os({ images: [ami({ access: undefined })] }), { sshUsername: 'root' }],
    ['the image names the user', os(), {}],
    [
      'it is Windows, whose user everybody knows',
      os({ family: 'windows', images: [ami({ access: undefined })] }),
      {},
    ],
    [
      'the more exact image names it',
      os({ images: [ami({ access: undefined }), ami({ connectionId })] }),
      {},
    ],
  ])('no missing login when %s', (_case, operatingSystem, settings) => {
    expect(codes(parts(operatingSystem, builder(settings)))).not.toContain('login-missing');
  });

  test('a missing login where the more exact image names none', () => {
    const images = [ami(), ami({ connectionId, access: undefined })];
    expect(codes(parts(os({ images })))).toEqual(['login-missing']);
  });
});
