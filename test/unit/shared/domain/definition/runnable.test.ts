import { describe, expect, test } from 'vitest';
import type { ImageDefinition } from '../../../../../shared/contracts/entities/image-definition.ts';
import { type RunParts, runnable } from '../../../../../shared/domain/definition/runnable.ts';
import { base, ulid } from '../../../../support/builders.ts';
import {
  type ExampleType,
  exampleTypes,
  imageExamples,
  imageOf,
  type ProvisionerExample,
} from '../../../../support/platform-bodies.ts';
import {
  storedBuilder,
  storedConnection,
  storedProvisioner,
  storedSystem,
} from '../../../../support/stored-entities.ts';

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
  provisioners: [storedProvisioner('shell')],
  ...fields,
});
/** Pointer and code of each obstacle; none when the run can start. */
const obstacles = (fields: Partial<RunParts>): string[] => {
  const judged = runnable(parts(fields));
  return 'obstacles' in judged ? judged.obstacles.map(({ pointer, code }) => `${pointer} ${code}`) : [];
};

const connections: Record<ExampleType, Parameters<typeof storedConnection>[0]> = {
  'amazon-ebs': 'aws role',
  'azure-managed': 'azure client-secret',
  'azure-gallery': 'azure workload-identity',
  googlecompute: 'gcp service-account-key',
  'vsphere-iso': 'vsphere password',
  'vsphere-clone': 'vsphere token',
  'proxmox-iso': 'proxmox token',
  'proxmox-clone': 'proxmox password',
  'hyperv-iso': 'hyperv',
  nutanix: 'nutanix token',
  qemu: 'qemu',
};

describe('what a run can be made of', () => {
  test('AMIs with inline steps: the parts come back as the compiler takes them', () => {
    const provisioners = [
      storedProvisioner('shell'),
      storedProvisioner('file', { resourceId: undefined, resourceVersion: undefined, content: 'x' }),
      storedProvisioner('powershell', { elevatedUser: undefined, elevatedPassword: undefined }),
    ];
    const judged = runnable(parts({ provisioners }));
    if ('obstacles' in judged) throw new Error(JSON.stringify(judged.obstacles));
    expect(judged.runnable.provisioners).toEqual(provisioners);
    expect(judged.runnable.builder.builderType).toBe('amazon-ebs');
    expect(judged.runnable.connection.platform).toBe('aws');
  });

  test('other platforms may be named in the same operating system', () => {
    const operatingSystem = storedSystem([imageOf('gcp-image'), imageOf('aws-ami-filter'), imageOf('iso')]);
    expect(obstacles({ operatingSystem })).toEqual([]);
  });
});

describe('what can be described but not run yet is refused, never half started', () => {
  test.each(exampleTypes.filter((type) => type !== 'amazon-ebs'))('builder type %s', (type) => {
    const builder = storedBuilder(type);
    const operatingSystem = storedSystem(imageExamples.map((image) => imageOf(image)));
    const connection = storedConnection(connections[type]);
    const found = obstacles({ builder, operatingSystem, connection });
    expect(found[0]).toBe('/builderConfigurationId not-runnable-yet');
    expect(found.includes('/connectorId connector-needed')).toBe(
      !['azure', 'gcp'].includes(builder.platform),
    );
  });

  test.each<[ProvisionerExample, object, string]>([
    ['windows-shell', {}, 'windows-shell'],
    ['windows-restart', {}, 'windows-restart'],
    ['windows-update', {}, 'windows-update'],
    ['ansible-local', {}, 'ansible-local'],
    ['file', {}, 'resourceId'],
    ['shell', { script: undefined, resourceId: `res_${ulid('R')}` }, 'resourceId'],
    ['powershell', { script: undefined, resourceId: `res_${ulid('R')}` }, 'resourceId'],
    ['powershell', {}, 'elevatedUser'],
  ])('provisioner %s %j', (type, fields, feature) => {
    const judged = runnable(
      parts({ provisioners: [storedProvisioner('shell'), storedProvisioner(type, fields)] }),
    );
    expect(judged).toMatchObject({
      obstacles: [{ pointer: '/provisionerRoleId', code: 'not-runnable-yet' }],
    });
    expect(JSON.stringify(judged)).toContain(feature);
    expect(JSON.stringify(judged)).toContain(`a ${type}`);
  });

  test.each(['aws-ssm-parameter', 'image-definition'] as const)('base image %s', (type) => {
    expect(obstacles({ operatingSystem: storedSystem([imageOf(type)]) })).toEqual([
      '/operatingSystemId not-runnable-yet',
    ]);
  });

  test('only the base image that would be taken counts', () => {
    const elsewhere = imageOf('aws-ssm-parameter', { region: 'eu-west-1' });
    const operatingSystem = storedSystem([imageOf('aws-ami'), elsewhere]);
    expect(obstacles({ operatingSystem })).toEqual(['/operatingSystemId not-runnable-yet']);
    expect(
      obstacles({ operatingSystem, builder: storedBuilder('amazon-ebs', { region: 'eu-west-2' }) }),
    ).toEqual([]);
  });

  test('a connector, the definition’s or the builder’s', () => {
    const connectorId = `cnr_${ulid('1')}`;
    expect(obstacles({ definition: definition({ connectorId }) })).toEqual(['/connectorId not-runnable-yet']);
    expect(obstacles({ builder: storedBuilder('amazon-ebs', {}, { connectorId }) })).toEqual([
      '/builderConfigurationId not-runnable-yet',
    ]);
  });
});

describe('what cannot be run at all', () => {
  test('a private network without a connector (S33)', () => {
    expect(obstacles({ builder: storedBuilder('amazon-ebs', {}, { network: 'private' }) })).toEqual([
      '/connectorId connector-needed',
    ]);
  });

  test("no image in the connection's region, when the builder names none", () => {
    const operatingSystem = storedSystem([imageOf('aws-ami', { region: 'us-east-1' })]);
    const builder = storedBuilder('amazon-ebs', { region: undefined });
    expect(obstacles({ operatingSystem, builder })).toEqual(['/operatingSystemId no-base-image']);
  });

  test('a connection of another platform: it was changed after the builder was saved', () => {
    expect(obstacles({ connection: storedConnection('azure client-secret') })).toContain(
      '/builderConfigurationId platform-mismatch',
    );
  });

  test('every reason at once', () => {
    const found = obstacles({
      definition: definition({ platform: 'gcp', connectorId: `cnr_${ulid('1')}` }),
      operatingSystem: storedSystem([imageOf('iso')]),
      provisioners: [storedProvisioner('windows-update'), storedProvisioner('ansible-local')],
    });
    expect(found).toEqual([
      '/platform platform-mismatch',
      '/operatingSystemId no-base-image',
      '/connectorId not-runnable-yet',
      '/provisionerRoleId not-runnable-yet',
      '/provisionerRoleId not-runnable-yet',
    ]);
  });
});
