import { describe, expect, test } from 'vitest';
import type { ImageDefinition } from '../../../../../shared/contracts/entities/image-definition.ts';
import { builderKinds, platformKinds } from '../../../../../shared/contracts/platforms/kinds.ts';
import { noRunner, type RunParts, unfitParts } from '../../../../../shared/domain/definition/runnable.ts';
import { base, ulid } from '../../../../support/builders.ts';
import { exampleTypes, imageExamples, imageOf } from '../../../../support/platform-bodies.ts';
import {
  connectionOf,
  storedBuilder,
  storedConnection,
  storedSystem,
} from '../../../../support/stored-entities.ts';

const connectorId = `cnr_${ulid('1')}`;
const definition = (fields: Partial<ImageDefinition> = {}): ImageDefinition => ({
  ...base(`def_${ulid('D')}`, 'Web-Base'),
  operatingSystemId: `os_${ulid('S')}`,
  builderConfigurationId: `bld_${ulid('B')}`,
  provisionerRoleId: `rol_${ulid('R')}`,
  ...fields,
});
const parts = (fields: Partial<RunParts> = {}): RunParts => ({
  definition: definition(),
  operatingSystem: storedSystem([imageOf('aws-ami')]),
  builder: storedBuilder('amazon-ebs'),
  connection: storedConnection('aws role'),
  layers: new Map(),
  ...fields,
});
const told = (errors: { pointer: string; code: string }[]): string[] =>
  errors.map(({ pointer, code }) => `${pointer} ${code}`);
const unfit = (fields: Partial<RunParts>): string[] => told(unfitParts(parts(fields)));
const waits = (fields: Partial<RunParts>): string[] => told(noRunner(parts(fields)));

describe('what a template can be made of', () => {
  test.each(exampleTypes)('builder type %s, beside images for others', (type) => {
    const operatingSystem = storedSystem(imageExamples.map((image) => imageOf(image)));
    const connection = storedConnection(connectionOf[type]);
    expect(unfit({ builder: storedBuilder(type), operatingSystem, connection })).toEqual([]);
  });

  test.each(['aws-ssm-parameter', 'image-definition'] as const)('base image %s', (type) => {
    expect(unfit({ operatingSystem: storedSystem([imageOf(type)]) })).toEqual([]);
  });

  test('what only a connector can execute (S32, S33)', () => {
    expect(unfit({ definition: definition({ connectorId }) })).toEqual([]);
    expect(unfit({ builder: storedBuilder('amazon-ebs', {}, { network: 'private' }) })).toEqual([]);
  });
});

describe('no template can be made', () => {
  test("without an image in the connection's region, when the builder names none", () => {
    const operatingSystem = storedSystem([imageOf('aws-ami', { region: 'us-east-1' })]);
    const inConnection = storedBuilder('amazon-ebs', { region: undefined });
    expect(unfit({ operatingSystem, builder: inConnection })).toEqual(['/operatingSystemId no-base-image']);
    const there = storedBuilder('amazon-ebs', { region: 'us-east-1' });
    expect(unfit({ operatingSystem, builder: there })).toEqual([]);
  });

  test('without an image that the builder type takes, which is told once', () => {
    expect(unfit({ operatingSystem: storedSystem([imageOf('iso')]) })).toEqual([
      '/operatingSystemId no-base-image',
    ]);
  });

  test('on an image of another platform', () => {
    const imageDefinitionId = `def_${ulid('YER')}`;
    const operatingSystem = storedSystem([imageOf('image-definition', { imageDefinitionId })]);
    const layers = new Map([[imageDefinitionId, 'gcp']]);
    expect(unfit({ operatingSystem, layers })).toEqual(['/operatingSystemId no-base-image']);
  });

  test('with a connection of another platform: it was changed after the builder was saved', () => {
    expect(unfit({ connection: storedConnection('azure client-secret') })).toEqual([
      '/builderConfigurationId platform-mismatch',
    ]);
  });

  test('of a name that no image can have', () => {
    const name = `a${'b'.repeat(50)}`;
    const fields = {
      builder: storedBuilder('googlecompute'),
      connection: storedConnection('gcp workload-identity'),
    };
    const operatingSystem = storedSystem([imageOf('gcp-family')]);
    expect(unfit({ ...fields, operatingSystem, definition: definition({ name }) })).toEqual([]);
    const unusable = definition({ name: `${name}${'b'.repeat(20)}` });
    expect(unfit({ ...fields, operatingSystem, definition: unusable })).toEqual(['/name name-not-possible']);
  });

  test('every reason is told at once', () => {
    expect(
      unfit({
        definition: definition({ platform: 'gcp' }),
        operatingSystem: storedSystem([imageOf('iso')]),
        connection: storedConnection('qemu'),
      }),
    ).toEqual([
      '/platform platform-mismatch',
      '/operatingSystemId no-base-image',
      '/builderConfigurationId platform-mismatch',
    ]);
  });
});

describe('what executes a build', () => {
  test.each(exampleTypes)(
    'of builder type %s: the cloud, or a connector that is missing (S32, S34)',
    (type) => {
      const onPremises = platformKinds[builderKinds[type].platform].runsOn === 'connector';
      expect(waits({ builder: storedBuilder(type) })).toEqual(
        onPremises ? ['/connectorId connector-needed'] : [],
      );
    },
  );

  test('in a private network is a connector (S33)', () => {
    expect(waits({ builder: storedBuilder('amazon-ebs', {}, { network: 'private' }) })).toEqual([
      '/connectorId connector-needed',
    ]);
  });

  test('is no connector yet, be it the definition’s or the builder’s', () => {
    expect(waits({ definition: definition({ connectorId }) })).toEqual(['/connectorId not-runnable-yet']);
    expect(waits({ builder: storedBuilder('qemu', {}, { connectorId }) })).toEqual([
      '/builderConfigurationId not-runnable-yet',
    ]);
  });
});
