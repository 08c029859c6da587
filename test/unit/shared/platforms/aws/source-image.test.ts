import { describe, expect, it } from 'vitest';
import type { OsImage } from '../../../../../shared/contracts/entities/operating-system.ts';
import type { AwsSnapshot } from '../../../../../shared/platforms/aws/base-image.ts';
import { amazonEbsSource } from '../../../../../shared/platforms/aws/source.ts';
import { layerAmi } from '../../../../../shared/platforms/aws/source-image.ts';
import { compileInput, snapshot, ulid, withSettings } from '../../packer/fixtures.ts';

const access = { communicator: 'ssh', username: 'admin' } as const;
const withImage = (image: OsImage, from = snapshot()): AwsSnapshot => ({
  ...from,
  operatingSystem: { ...from.operatingSystem, images: [image] },
});
/** The source as anybody gets it who asks for the template: nothing was looked up. */
const unresolved = (from: AwsSnapshot) =>
  amazonEbsSource({ ...compileInput(), snapshot: from, baseImage: undefined });

const imageDefinitionId = `def_${ulid('BA')}`;
const layered = withImage({ type: 'image-definition', imageDefinitionId, access });
const ami = (region: string, amiId: string) => ({
  role: 'copy' as const,
  region,
  accountId: '123456789012',
  amiId,
  amiName: 'Base-v3',
});
const layer = {
  imageDefinitionId,
  imageVersionId: `img_${ulid('V')}`,
  name: 'Base-v3',
  createdAt: '2026-01-02T03:04:05.678Z',
  locators: [ami('us-east-1', 'ami-0aaaaaaaaaaaaaaaa'), ami('eu-central-1', 'ami-0bbbbbbbbbbbbbbbb')],
};

describe('the base image of a template that nobody has looked up', () => {
  it('is the AMI that the operating system names', () => {
    const { body } = unresolved(withImage({ type: 'aws-ami', amiId: 'ami-0123456789abcdef0', access }));
    expect(body).toMatchObject({ source_ami: 'ami-0123456789abcdef0' });
    expect(body).not.toHaveProperty('source_ami_filter');
  });

  it('is the newest that the filter finds, of the architecture of the operating system', () => {
    const { body, variables } = unresolved(snapshot());
    expect(body['source_ami_filter']).toEqual({
      filters: {
        name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*',
        architecture: 'x86_64',
        state: 'available',
        'root-device-type': 'ebs',
        'virtualization-type': 'hvm',
      },
      owners: ['099720109477'],
      most_recent: true,
    });
    expect(body['source_ami']).toBeUndefined();
    expect(variables).toBeUndefined();
  });

  it('is a variable where only Systems Manager knows it, and says which parameter gives the value', () => {
    const parameter = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
    const { body, variables } = unresolved(withImage({ type: 'aws-ssm-parameter', parameter, access }));
    expect(body['source_ami']).toMatchObject({ source: 'var.base_image' });
    expect(variables).toEqual([
      { name: 'base_image', from: `the AMI id that the parameter ${parameter} holds` },
    ]);
  });

  it("is the layer's AMI in the region of the build", () => {
    expect(unresolved({ ...layered, layer }).body['source_ami']).toBe('ami-0bbbbbbbbbbbbbbbb');
    const abroad = withSettings({ ...layered, layer }, { region: 'us-east-1' });
    expect(layerAmi(abroad)).toEqual({ amiId: 'ami-0aaaaaaaaaaaaaaaa', name: 'Base-v3' });
  });

  it('is refused where the layer has no copy, and where no image fits (S164)', () => {
    const elsewhere = withSettings({ ...layered, layer }, { region: 'sa-east-1' });
    expect(() => unresolved(elsewhere)).toThrow(/Base-v3 has no AMI in sa-east-1/);
    expect(() => layerAmi(layered)).toThrow(/has no AMI in eu-central-1/);
    const foreign: OsImage = { type: 'aws-ami', amiId: 'ami-0123456789abcdef0', region: 'us-east-1' };
    const login = withSettings(withImage(foreign), { sshUsername: 'admin' });
    expect(() => unresolved(login)).toThrow(/has no image for this connection in eu-central-1/);
  });

  it('does not matter once it was resolved', () => {
    const { body, variables } = amazonEbsSource({ ...compileInput(), snapshot: snapshot() });
    expect(body).toMatchObject({ source_ami: 'ami-0abcdef0123456789' });
    expect(body).not.toHaveProperty('source_ami_filter');
    expect(variables).toBeUndefined();
  });
});
