import { describe, expect, it } from 'vitest';
import { readArtifact, readOutput } from '../../../../../shared/platforms/aws/output.ts';

const instance = {
  buildVm: { kind: 'ec2-instance', locator: 'i-0123456789abcdef0' },
  temporaries: [{ kind: 'ec2-instance', id: 'i-0123456789abcdef0' }],
};
const keyPair = { temporaries: [{ kind: 'ec2-key-pair', id: 'goldsmith-run_1' }] };
const group = { temporaries: [{ kind: 'ec2-security-group', id: 'packer_6b03c5a6-8686-06c0' }] };

describe('facts in the output of amazon-ebs (S83)', () => {
  it.each([
    ['    amazon-ebs.image: Instance ID: i-0123456789abcdef0', instance],
    ['==> amazon-ebs.image: Instance ID: i-0123456789abcdef0', instance],
    ['Instance ID: i-0123456789abcdef0', instance],
    [
      '==> amazon-ebs.image: Using ssh communicator to connect: 127.77.0.4',
      { buildVm: { address: '127.77.0.4' } },
    ],
    [
      '==> amazon-ebs.image: Using SSH communicator to connect: 10.0.0.7',
      { buildVm: { address: '10.0.0.7' } },
    ],
    [
      '==> amazon-ebs.image: Using WinRM communicator to connect: 10.0.0.7',
      { buildVm: { address: '10.0.0.7' } },
    ],
    ['==> amazon-ebs.image: Creating temporary keypair: goldsmith-run_1', keyPair],
    [
      '==> amazon-ebs.image: Creating temporary security group for this instance: packer_6b03c5a6-8686-06c0',
      group,
    ],
    ['==> amazon-ebs.image: Creating temporary security group for this instance: default', {}],
    ['==> amazon-ebs.image: Creating temporary keypair: somebody-elses', {}],
    ['    amazon-ebs.image: the Instance ID: i-0123456789abcdef0 is not it', {}],
    ['', {}],
  ])('are read from %j', (line, facts) => {
    expect(readOutput(line)).toEqual(facts);
  });
});

describe('the artifact of amazon-ebs (S129, S140)', () => {
  const run = { imageName: 'Web-Base-v7', accountId: '123456789012' };
  const artifact = (id: string, builderId = 'mitchellh.amazonebs') =>
    readArtifact({ builderId, id, description: '' }, run);

  it('says region, account, id and name of every image, the first one primary', () => {
    expect(artifact('eu-central-1:ami-0123456789abcdef0,us-east-1:ami-0123456789abcdef1')).toEqual([
      {
        role: 'primary',
        region: 'eu-central-1',
        accountId: '123456789012',
        amiId: 'ami-0123456789abcdef0',
        amiName: 'Web-Base-v7',
      },
      expect.objectContaining({ role: 'copy', region: 'us-east-1', amiId: 'ami-0123456789abcdef1' }),
    ]);
  });

  it('is nothing when another builder made it or when it is no image', () => {
    expect(artifact('eu-central-1:ami-0123456789abcdef0', 'fnoeding.null')).toEqual([]);
    expect(artifact('')).toEqual([]);
    expect(artifact('eu-central-1:vol-1,nowhere,Moon:ami-1')).toEqual([]);
  });
});
