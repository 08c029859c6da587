import { afterEach, describe, expect, it } from 'vitest';
import { machineChecks } from '../../../../../shared/platforms/aws/client-check-machine.ts';
import { findSubnet, networkChecks } from '../../../../../shared/platforms/aws/client-check-network.ts';
import {
  type Answers,
  fakeAws,
  fakeSession,
  items,
  keySnapshot,
  Refusal,
} from '../../../../support/fake-aws.ts';
import { containing } from '../../../../support/matchers.ts';
import { withSettings } from '../../packer/fixtures.ts';

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

const type = (fields: string): Answers => ({
  DescribeInstanceTypes: () =>
    items('instanceTypeSet', [
      `<instanceType>t3.small</instanceType><processorInfo>${items('supportedArchitectures', ['x86_64'])}</processorInfo>${fields}`,
    ]),
  DescribeInstanceTypeOfferings: () =>
    items('instanceTypeOfferingSet', [
      '<instanceType>t3.small</instanceType><location>eu-central-1a</location>',
    ]),
});
const hvm = items('supportedVirtualizationTypes', ['hvm']);
const needsEna = '<networkInfo><enaSupport>required</enaSupport></networkInfo>';

const pass = { status: 'pass' };
const unfit = {
  status: 'fail',
  field: '/builderConfiguration/settings/instanceType',
  errorId: 'instance-type-invalid',
};

describe('the machine and the base image (S152)', () => {
  const checked = async (fields: string, image: object | undefined, zone?: string) => {
    ({ close } = await fakeAws(type(fields)));
    const snapshot = withSettings(keySnapshot(), { instanceType: 't3.small' });
    return machineChecks(fakeSession(), snapshot, { zone, image });
  };

  it.each<[string, string, object | undefined, object]>([
    ['an image of the old kind', hvm, { VirtualizationType: 'paravirtual' }, unfit],
    ['an image of its kind', hvm, { VirtualizationType: 'hvm' }, pass],
    ['an image without the network driver that it needs', needsEna, { EnaSupport: false }, unfit],
    ['an image with it', needsEna, { EnaSupport: true }, pass],
    ['an image of which that is not told', needsEna, {}, pass],
    ['an image that nobody found, which another check tells', hvm + needsEna, undefined, pass],
  ])('fit or not: %s', async (_, fields, image, expected) => {
    expect(await checked(fields, image)).toMatchObject([{ id: 'machine-type', ...expected }]);
  });

  it('do not fit in a zone that does not offer the type, whatever the region does', async () => {
    expect(await checked(hvm, { VirtualizationType: 'hvm' }, 'eu-central-1c')).toMatchObject([
      {
        status: 'fail',
        detail: containing('not offered in eu-central-1c, the zone of the subnet, but in: eu-central-1a'),
      },
    ]);
  });
});

describe('the way to a machine by its public address (S162)', () => {
  const subnetId = 'subnet-0123456789abcdef0';
  const route = (to: string, by: string, state = 'active') =>
    `<destinationCidrBlock>${to}</destinationCidrBlock><gatewayId>${by}</gatewayId><state>${state}</state>`;
  const table = (association: string, routes: string[]) =>
    items('associationSet', [association]) + items('routeSet', routes);
  const own = `<subnetId>${subnetId}</subnetId><main>false</main>`;
  const main = '<main>true</main>';
  const [out, local] = [route('0.0.0.0/0', 'igw-1'), route('10.0.0.0/16', 'local')];
  const account = (tables: string[]): Answers => ({
    DescribeSubnets: () =>
      items('subnetSet', [
        `<subnetId>${subnetId}</subnetId><vpcId>vpc-1</vpcId><availableIpAddressCount>9</availableIpAddressCount><mapPublicIpOnLaunch>true</mapPublicIpOnLaunch>`,
      ]),
    DescribeRouteTables: () => items('routeTableSet', tables),
  });
  const checked = async (answers: Answers, sshInterface: 'public_ip' | 'private_ip' = 'public_ip') => {
    const aws = await fakeAws(answers);
    ({ close } = aws);
    const settings = { instanceType: 't3.small', subnetId, sshInterface };
    const session = fakeSession();
    const checks = await networkChecks(session, settings, await findSubnet(session, settings));
    return { warned: checks.filter(({ status }) => status !== 'pass'), aws };
  };

  it.each<[string, string[]]>([
    ['its own routes', [table(main, [local]), table(own, [local, out])]],
    ['those of the VPC, where it has none of its own', [table(main, [local, out])]],
  ])('is there by %s', async (_, tables) => {
    expect((await checked(account(tables))).warned).toEqual([]);
  });

  it.each<[string, string[]]>([
    ['its own routes lead nowhere, whatever the VPC’s do', [table(main, [out]), table(own, [local])]],
    [
      'all goes through a NAT gateway',
      [
        table(main, [
          local,
          '<destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-1</natGatewayId><state>active</state>',
        ]),
      ],
    ],
    ['the gateway is gone', [table(main, [route('0.0.0.0/0', 'igw-1', 'blackhole')])]],
  ])('is a warning where %s', async (_, tables) => {
    expect((await checked(account(tables))).warned).toMatchObject([
      {
        status: 'warn',
        errorId: 'ssh-timeout',
        field: '/builderConfiguration/settings/subnetId',
        detail: containing('no route to an internet gateway'),
      },
    ]);
  });

  it('is a warning with the reason where nobody may look at the routes', async () => {
    const answers = account([]);
    answers['DescribeRouteTables'] = () => {
      throw new Refusal('UnauthorizedOperation', 'not authorized to perform: ec2:DescribeRouteTables');
    };
    expect((await checked(answers)).warned).toMatchObject([
      { status: 'warn', detail: containing('ec2:DescribeRouteTables') },
    ]);
  });

  it('is not asked about where the builder goes by the private address', async () => {
    const { warned, aws } = await checked(account([]), 'private_ip');
    expect(warned).toEqual([]);
    expect(aws.calls.map(({ action }) => action)).not.toContain('DescribeRouteTables');
  });
});
