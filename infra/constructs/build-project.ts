import { Aws, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { BuildSpec, ComputeType, LinuxBuildImage, Project, Source } from 'aws-cdk-lib/aws-codebuild';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { readAuthorities } from '../config/authorities.ts';
import type { PoolSettings } from '../config/runner-pools.ts';
import type { Stage } from '../config/stage.ts';
import { buildNetwork, joinNetwork, proxyVariables } from './build-network.ts';
import { buildSpecOf, PLUGIN_FOLDER, RUNNER_FILE } from './build-spec.ts';
import { runnerProgram } from './bundle.ts';
import { acknowledgeWildcards, writeLogs } from './permissions.ts';

export type BuildProjectProps = { stage: Stage; pool: PoolSettings; apiUrl: string };

/**
 * Where the runs of one pool execute. A build starts as nobody: its role writes the log and reads the runner, everything
 * else comes from the agent API for the one run that it claims.
 */
export class BuildProject extends Construct {
  readonly project: Project;

  constructor(scope: Construct, id: string, { stage, pool, apiUrl }: BuildProjectProps) {
    super(scope, id);
    const program = runnerProgram(RUNNER_FILE);
    const runner = new Asset(this, 'Runner', { path: program.path, ...program.options });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.project = new Project(this, 'Project', {
      description: `Executes the runs of the pool ${pool.id}`,
      role: buildRole(this, pool, { logGroup, runner }).withoutPolicyUpdates(),
      ...(pool.vpc && buildNetwork(this, pool.vpc)),
      source: Source.s3({ bucket: runner.bucket, path: runner.s3ObjectKey }),
      buildSpec: BuildSpec.fromObject(buildSpecOf(stage.packer, wayOut(pool))),
      environment: {
        buildImage: LinuxBuildImage.STANDARD_7_0,
        computeType: computeTypes[stage.buildCompute],
        privileged: false,
      },
      environmentVariables: {
        GOLDSMITH_API_URL: { value: apiUrl },
        // A Packer that is there already has its plugins where its owner put them.
        ...(stage.packer.source === 'download' && { PACKER_PLUGIN_PATH: { value: PLUGIN_FOLDER } }),
        ...plain(proxyVariables(pool.proxy)),
      },
      timeout: Duration.minutes(stage.buildTimeoutMinutes),
      // Admission keeps the queue: a build that waits longer than this here has met a quota.
      queuedTimeout: Duration.minutes(30),
      // A second try would build a second image under one run.
      autoRetryLimit: 0,
      grantReportGroupPermissions: false,
      logging: { cloudWatch: { logGroup } },
    });
    Validations.of(this.project).acknowledge({
      id: 'AwsSolutions-CB4',
      reason: 'The key would encrypt output artifacts, and the project has none.',
    });
  }
}

const computeTypes: Record<Stage['buildCompute'], ComputeType> = {
  small: ComputeType.SMALL,
  medium: ComputeType.MEDIUM,
  large: ComputeType.LARGE,
};

const wayOut = ({ proxy, caCertificate }: PoolSettings) => ({
  isProxied: proxy !== undefined,
  certificates: caCertificate === undefined ? [] : readAuthorities(caCertificate).certificates,
});

const plain = (variables: Record<string, string>) =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, { value }]));

function buildRole(
  scope: Construct,
  { vpc }: PoolSettings,
  { logGroup, runner }: { logGroup: LogGroup; runner: Asset },
): Role {
  // What CodeBuild's own console grants for a source in S3, except listing the bucket.
  const readRunner = new PolicyStatement({
    actions: ['s3:GetObject', 's3:GetObjectVersion'],
    resources: [runner.bucket.arnForObjects(runner.s3ObjectKey)],
  });
  const knowBucket = new PolicyStatement({
    actions: ['s3:GetBucketAcl', 's3:GetBucketLocation'],
    resources: [runner.bucket.bucketArn],
  });
  const network = vpc === undefined ? [] : joinNetwork(vpc);
  const role = new Role(scope, 'Role', {
    description: 'Writes the log of a build and reads the runner; a build gets all else from the agent API',
    assumedBy: new ServicePrincipal('codebuild.amazonaws.com', {
      // Only for builds of this account: CodeBuild must not be talked into it from another one.
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    inlinePolicies: {
      Own: new PolicyDocument({ statements: [writeLogs(logGroup), readRunner, knowBucket, ...network] }),
    },
  });
  acknowledgeWildcards(role, network);
  return role;
}
