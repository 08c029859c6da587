import {
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type Subnet,
} from '@aws-sdk/client-ec2';
import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import type { PlatformCheck } from '../platform.ts';
import { fails, passes, setting, warns } from '../checks.ts';
import { filter, type Session } from './client-session.ts';
import { translateError } from './errors.ts';

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

const isPublic = ({ sshInterface }: AmazonEbsSettings): boolean =>
  sshInterface === 'public_ip' || sshInterface === 'public_dns';

const needsPublicAddress = (settings: AmazonEbsSettings, subnet: Subnet): boolean =>
  isPublic(settings) && !(settings.associatePublicIpAddress ?? subnet.MapPublicIpOnLaunch ?? false);

/**
 * Whether what leaves the subnet for everywhere goes through an internet gateway: without one no public address answers. The
 * subnet's own table of routes counts, else the main one of its VPC.
 */
const hasGateway = async ({ ec2, region }: Session, subnet: Subnet): Promise<boolean> => {
  const request = { Filters: [filter('vpc-id', subnet.VpcId ?? '')] };
  const { RouteTables: tables = [] } = await ec2(region).send(new DescribeRouteTablesCommand(request));
  const own = tables.find(({ Associations: some = [] }) =>
    some.some(({ SubnetId }) => SubnetId === subnet.SubnetId),
  );
  const main = tables.find(({ Associations: some = [] }) => some.some(({ Main }) => Main === true));
  return ((own ?? main)?.Routes ?? []).some(
    ({ DestinationCidrBlock: to, GatewayId: by, State: state }) =>
      to === '0.0.0.0/0' && by?.startsWith('igw-') === true && state !== 'blackhole',
  );
};

/** Only where the builder goes by a public address. The way may be another one than we see: never a failure. */
const wayChecks = async (
  session: Session,
  settings: AmazonEbsSettings,
  subnet: Subnet | undefined,
): Promise<PlatformCheck[]> => {
  if (subnet === undefined || !isPublic(settings)) return [];
  const { subnetId, sshInterface } = settings;
  const remedy = 'Name a subnet with a route to an internet gateway, or another sshInterface.';
  const words = { field: setting('subnetId'), errorId: 'ssh-timeout' as const, remedy };
  try {
    if (await hasGateway(session, subnet)) return [];
    const detail = `sshInterface ${sshInterface} needs a way in from outside, and ${subnetId} has no route to an internet gateway.`;
    return [warns(ID, { detail, ...words })];
  } catch (error) {
    const detail = `Whether ${subnetId} has a route to an internet gateway could not be looked at: ${translateError(error).message}`;
    return [warns(ID, { detail, ...words })];
  }
};

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
  const [groups, way] = await Promise.all([
    groupChecks(session, settings, place.vpcId),
    wayChecks(session, settings, subnet),
  ]);
  const checks = [...place.checks, ...groups, ...way];
  if (checks.some(({ status }) => status === 'fail')) return checks;
  return [...checks, passes(ID, `The machine will be in ${settings.subnetId ?? 'the default VPC'}.`)];
};
