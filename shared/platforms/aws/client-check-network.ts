import {
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type Subnet,
} from '@aws-sdk/client-ec2';
import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import type { PlatformCheck } from '../platform.ts';
import { fails, passes, setting, warns } from '../checks.ts';
import { filter, type Session } from './client-session.ts';

const ID = 'network';

const lacks = (detail: string, ...field: (string | number)[]): PlatformCheck =>
  fails(ID, { detail, field: setting(...field), errorId: 'network-not-found' });

/** The subnet that the builder names; undefined when it names none or there is none. */
export const findSubnet = async (
  { ec2, region }: Session,
  { subnetId }: AmazonEbsSettings,
): Promise<Subnet | undefined> => {
  if (subnetId === undefined) return undefined;
  const request = new DescribeSubnetsCommand({ Filters: [filter('subnet-id', subnetId)] });
  const { Subnets: subnets = [] } = await ec2(region).send(request);
  return subnets[0];
};

/** Packer takes a subnet of the default VPC by itself, and of no other. */
const vpcChecks = async (session: Session, { vpcId }: AmazonEbsSettings) => {
  const { ec2, region } = session;
  const condition = vpcId === undefined ? filter('is-default', 'true') : filter('vpc-id', vpcId);
  const { Vpcs: vpcs = [] } = await ec2(region).send(new DescribeVpcsCommand({ Filters: [condition] }));
  const [vpc] = vpcs;
  if (vpc === undefined) {
    const check =
      vpcId === undefined
        ? lacks(`${region} has no default VPC: a subnet must be given.`, 'subnetId')
        : lacks(`The VPC ${vpcId} does not exist in ${region}.`, 'vpcId');
    return { checks: [check] };
  }
  const isUsable = vpc.IsDefault === true;
  const what = `The VPC ${vpcId} is not the default one: a subnet of it must be given.`;
  return { vpcId: vpc.VpcId, checks: isUsable ? [] : [lacks(what, 'subnetId')] };
};

const needsPublicAddress = (
  { sshInterface, associatePublicIpAddress }: AmazonEbsSettings,
  subnet: Subnet,
): boolean =>
  (sshInterface === 'public_ip' || sshInterface === 'public_dns') &&
  !(associatePublicIpAddress ?? subnet.MapPublicIpOnLaunch ?? false);

const subnetChecks = (settings: AmazonEbsSettings, region: string, subnet: Subnet | undefined) => {
  const { subnetId, vpcId, sshInterface } = settings;
  if (subnet === undefined)
    return { checks: [lacks(`The subnet ${subnetId} does not exist in ${region}.`, 'subnetId')] };
  const checks: PlatformCheck[] = [];
  if (vpcId !== undefined && subnet.VpcId !== vpcId)
    checks.push(lacks(`The subnet ${subnetId} is in ${subnet.VpcId}, not in ${vpcId}.`, 'vpcId'));
  if (subnet.AvailableIpAddressCount === 0) {
    const detail = `The subnet ${subnetId} has no free address.`;
    checks.push(fails(ID, { detail, field: setting('subnetId'), errorId: 'insufficient-capacity' }));
  }
  if (needsPublicAddress(settings, subnet)) {
    const detail = `sshInterface ${sshInterface} needs a public address, and machines in ${subnetId} get none.`;
    const remedy = 'Set associatePublicIpAddress, or another sshInterface.';
    const blamed = setting('associatePublicIpAddress');
    checks.push(warns(ID, { detail, field: blamed, errorId: 'ssh-timeout', remedy }));
  }
  return { vpcId: subnet.VpcId, checks };
};

const groupChecks = async (
  { ec2, region }: Session,
  { securityGroupIds = [] }: AmazonEbsSettings,
  vpcId: string | undefined,
): Promise<PlatformCheck[]> => {
  if (securityGroupIds.length === 0) return [];
  const request = new DescribeSecurityGroupsCommand({ Filters: [filter('group-id', ...securityGroupIds)] });
  const { SecurityGroups: groups = [] } = await ec2(region).send(request);
  const vpcs = new Map(groups.map(({ GroupId, VpcId }) => [GroupId, VpcId]));
  return securityGroupIds.flatMap((id, at) => {
    if (!vpcs.has(id))
      return [lacks(`The security group ${id} does not exist in ${region}.`, 'securityGroupIds', at)];
    const own = vpcs.get(id);
    return vpcId === undefined || own === vpcId
      ? []
      : [lacks(`The security group ${id} is in ${own}, the machine in ${vpcId}.`, 'securityGroupIds', at)];
  });
};

/** Whether subnet, VPC and security groups are there and belong together, and the subnet has a free address. */
export const networkChecks = async (
  session: Session,
  settings: AmazonEbsSettings,
  subnet: Subnet | undefined,
): Promise<PlatformCheck[]> => {
  const place =
    settings.subnetId === undefined
      ? await vpcChecks(session, settings)
      : subnetChecks(settings, session.region, subnet);
  const checks = [...place.checks, ...(await groupChecks(session, settings, place.vpcId))];
  if (checks.some(({ status }) => status === 'fail')) return checks;
  return [...checks, passes(ID, `The machine will be in ${settings.subnetId ?? 'the default VPC'}.`)];
};
