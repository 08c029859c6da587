import { describe, expect, it } from 'vitest';
import { readArtifact, readOutput } from '../../../../../shared/platforms/aws/output.ts';
import { run, snapshot, withSettings } from '../../packer/fixtures.ts';

const instance = {
  buildVm: { kind: 'ec2-instance', locator: 'i-0123456789abcdef0' },
  temporaries: [{ kind: 'ec2-instance', id: 'i-0123456789abcdef0' }],
};
const keyPair = { temporaries: [{ kind: 'ec2-key-pair', id: 'goldsmith-run_1' }] };
const uuid = '6b03c5a6-8686-06c0-0d3a-0fa148e023c1';
const profile = { temporaries: [{ kind: 'iam-instance-profile', id: `packer-${uuid}` }] };
const template = { temporaries: [{ kind: 'ec2-launch-template', id: 'lt-0123456789abcdef0' }] };
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
    [`==> amazon-ebs.image: Creating temporary instance profile for this instance: packer-${uuid}`, profile],
    ['==> amazon-ebs.image: Created Spot Fleet launch template: lt-0123456789abcdef0', template],
    ['==> amazon-ebs.image: Creating temporary instance profile for this instance: admins', {}],
    ['==> amazon-ebs.image: Creating temporary security group for this instance: default', {}],
    ['==> amazon-ebs.image: Creating temporary keypair: somebody-elses', {}],
    ['    amazon-ebs.image: the Instance ID: i-0123456789abcdef0 is not it', {}],
    ['', {}],
  ])('are read from %j', (line, facts) => {
    expect(readOutput(line)).toEqual(facts);
  });
});

describe('the artifact of amazon-ebs (S129, S140)', () => {
  const context = { snapshot: snapshot(), run, accountId: '123456789012' };
  const artifact = (id: string, builderId = 'mitchellh.amazonebs') =>
    readArtifact({ builderId, id, description: '' }, context);
  const inside = { accountId: '123456789012', amiName: 'Web-Base-v7' };

  it('says region, account, id and name of every image', () => {
    expect(artifact('eu-central-1:ami-0123456789abcdef0,us-east-1:ami-0123456789abcdef1')).toEqual([
      { role: 'primary', region: 'eu-central-1', amiId: 'ami-0123456789abcdef0', ...inside },
      { role: 'copy', region: 'us-east-1', amiId: 'ami-0123456789abcdef1', ...inside },
    ]);
  });

  it('calls the one in the region of the build the primary one, wherever Packer sorts it', () => {
    const found = artifact('ap-south-1:ami-0123456789abcdef1,eu-central-1:ami-0123456789abcdef0');
    expect(found).toMatchObject([
      { role: 'primary', region: 'eu-central-1' },
      { role: 'copy', region: 'ap-south-1' },
    ]);
    const abroad = { ...context, snapshot: withSettings(snapshot(), { region: 'us-east-1' }) };
    const id = 'eu-central-1:ami-0123456789abcdef1,us-east-1:ami-0123456789abcdef0';
    const [first] = readArtifact({ builderId: 'mitchellh.amazonebs', id, description: '' }, abroad);
    expect(first).toMatchObject({ role: 'primary', region: 'us-east-1' });
  });

  it('is nothing when another builder made it or when it is no image', () => {
    expect(artifact('eu-central-1:ami-0123456789abcdef0', 'fnoeding.null')).toEqual([]);
    expect(artifact('')).toEqual([]);
    expect(artifact('eu-central-1:vol-1,nowhere,Moon:ami-1')).toEqual([]);
  });
});
