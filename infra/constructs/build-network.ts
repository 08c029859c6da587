/** The ways out of a pool's builds: network, proxy and whom they trust. */
import { Aws } from 'aws-cdk-lib';
import {
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  SecurityGroup,
  Subnet,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { PoolSettings } from '../config/runner-pools.ts';
import { WildcardStatement } from './permissions.ts';

type VpcSettings = NonNullable<PoolSettings['vpc']>;

/** What a project in a network of the account is made with. Nothing of the network is made here. */
export type BuildNetwork = {
  vpc: IVpc;
  subnetSelection: { subnets: ISubnet[] };
  securityGroups: ISecurityGroup[];
};

export const buildNetwork = (scope: Construct, vpc: VpcSettings): BuildNetwork => {
  const { vpcId, availabilityZones, subnetIds, securityGroupIds } = vpc;
  return {
    vpc: Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId, availabilityZones }),
    subnetSelection: { subnets: subnetIds.map((id) => Subnet.fromSubnetId(scope, id, id)) },
    securityGroups: securityGroupIds.map((id) => SecurityGroup.fromSecurityGroupId(scope, id, id)),
  };
};

const own = (kind: string) => `arn:${Aws.PARTITION}:ec2:${Aws.REGION}:${Aws.ACCOUNT_ID}:${kind}`;

/**
 * What CodeBuild asks of the role of a project in a VPC, action by action
 * (https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html,
 * "Allow CodeBuild access to AWS services required to create a VPC network interface").
 */
export const joinNetwork = ({ subnetIds }: VpcSettings): WildcardStatement[] => {
  const lend = new WildcardStatement(
    ['ec2:CreateNetworkInterfacePermission'],
    [own('network-interface/*')],
    'The interface is made for the build; the condition says in which subnets, and that it is lent to CodeBuild only.',
  );
  lend.addCondition('StringEquals', {
    'ec2:Subnet': subnetIds.map((id) => own(`subnet/${id}`)),
    'ec2:AuthorizedService': 'codebuild.amazonaws.com',
  });
  const make = new WildcardStatement(
    [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeDhcpOptions',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
    ['*'],
    'CodeBuild makes and removes the interface of each build, and most of these actions know no resources.',
  );
  return [lend, make];
};

/** Never asked of a proxy: the runner's own endpoint of credentials, and what only the machine itself can ask. */
const ALWAYS_DIRECT = ['localhost', '127.0.0.1', '::1', '169.254.169.254', '169.254.170.2'];

/**
 * The proxy as programs look for it: some only know the small names, some only the large ones. Node.js heeds them when
 * it is told to.
 */
export const proxyVariables = (proxy: PoolSettings['proxy']): Record<string, string> => {
  if (proxy === undefined) return {};
  const { http, https, noProxy = [] } = proxy;
  const direct = [...new Set([...ALWAYS_DIRECT, ...noProxy])].join(',');
  const variables = { HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: direct };
  const both = Object.entries(variables).flatMap(([name, value]): [string, string][] =>
    value === undefined
      ? []
      : [
          [name, value],
          [name.toLowerCase(), value],
        ],
  );
  return { ...Object.fromEntries(both), NODE_USE_ENV_PROXY: '1' };
};
