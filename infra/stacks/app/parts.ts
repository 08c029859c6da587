/** What the functions of the app are made from: the things they use, and what their environments say of them. */
import { Aws, Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { tokenIssuer } from '../../config/addresses.ts';
import type { OwnPool } from '../../../shared/contracts/env/runner-pools.ts';
import type { PoolSettings } from '../../config/runner-pools.ts';
import { CLOUD_POOL, poolsOf, type Stage } from '../../config/stage.ts';
import { BuildProject } from '../../constructs/build-project.ts';
import { identityOf } from '../../constructs/identity-role.ts';
import * as permit from '../../constructs/permissions.ts';
import type { PublicApi } from '../../constructs/public-api.ts';
import type { Queues } from '../../constructs/queues.ts';
import type { SocketApi } from '../../constructs/socket-api.ts';
import type { StateStack } from '../state-stack.ts';

export type Parts = {
  stage: Stage;
  state: StateStack;
  api: PublicApi;
  socket: SocketApi;
  /** The deployment's pools, the one for builders that name none first. */
  pools: BuildPool[];
  queues: Queues;
  bus: EventBus;
  environment: EnvironmentGroups;
};

export type EnvironmentGroups = ReturnType<typeof environmentGroups>;

/** A pool and what carries out its builds. */
export type BuildPool = { pool: PoolSettings; build: BuildProject };

/** A project for each pool of the stage. The project of the pool `cloud` keeps the name that it always had. */
export const buildPools = (scope: Construct, { stage, api }: Pick<Parts, 'stage' | 'api'>): BuildPool[] =>
  poolsOf(stage).map((pool) => {
    const id = pool.id === CLOUD_POOL ? 'BuildProject' : `BuildProject-${pool.id}`;
    return { pool, build: new BuildProject(scope, id, { stage, pool, apiUrl: api.url }) };
  });

/** The projects of all pools. */
export const projectsOf = ({ pools }: Pick<Parts, 'pools'>) => pools.map(({ build }) => build.project);

/** What functions know of a pool: its network as the API shows it, and neither proxy nor authorities. */
const ownPoolOf = ({ pool, build }: BuildPool): OwnPool => {
  const { id, maxConcurrentRuns, vpc } = pool;
  const network = vpc && {
    vpcId: vpc.vpcId,
    subnetIds: vpc.subnetIds,
    securityGroupIds: vpc.securityGroupIds,
  };
  return {
    id,
    maxConcurrentRuns,
    ...(network && { vpc: network }),
    project: build.project.projectName,
  };
};

/** The variables that more than one function has, in the groups of `shared/contracts/env`. */
export function environmentGroups(
  scope: Construct,
  parts: Pick<Parts, 'stage' | 'state' | 'socket' | 'pools'>,
) {
  const { stage, state, socket } = parts;
  const { issuer, jwksUri } = tokenIssuer(scope, stage, state.userPool.userPoolId);
  const pools = Stack.of(scope).toJsonString(parts.pools.map(ownPoolOf));
  const core = { CORE_TABLE: state.coreTable.tableName };
  const traffic = { TRAFFIC_TABLE: state.trafficTable.tableName };
  const runsBucket = { RUNS_BUCKET: state.runsBucket.bucketName };
  const resourcesBucket = { RESOURCES_BUCKET: state.resourcesBucket.bucketName };
  const socketPush = { SOCKET_CALLBACK_URL: socket.callbackUrl };
  const secrets = { SECRETS_KEY_ARN: state.secretsKey.keyArn };
  // Marks what runs make in customers' accounts: two deployments must not take each other's for their own.
  const deployment = { DEPLOYMENT_ID: `${stage.name}-${Aws.ACCOUNT_ID}-${Aws.REGION}` };
  const rolePattern = `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${roleNameStart(scope)}*`;
  const { issuer: identityIssuer, subject } = identityOf(scope, stage, rolePattern);
  const identity = { IDENTITY_ROLE_ARN: subject };
  return {
    core,
    traffic,
    runsBucket,
    resourcesBucket,
    socketPush,
    secrets,
    deployment,
    identity,
    engine: { ...core, ...traffic, ...runsBucket, ...socketPush, ...secrets, ...deployment, ...identity },
    authentication: {
      TOKEN_ISSUER: issuer,
      JWKS_URI: jwksUri,
      TOKEN_CLIENT_ID: state.userPoolClient.userPoolClientId,
    },
    runnerPools: {
      RUNNER_POOLS: pools,
    },
    trust: {
      TRUST_PRINCIPAL_ARN: `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:root`,
      TRUST_ROLE_PATTERN: rolePattern,
      IDENTITY_ISSUER: identityIssuer,
      IDENTITY_SUBJECT: subject,
    },
    limits: {
      RUNNER_POOLS: pools,
      WORKSPACE_LIMIT: String(stage.workspaceLimit),
    },
  };
}

/**
 * How the names of a stack's roles begin: CloudFormation makes them of the stack's name, of which it keeps 24 characters
 * where the whole would not fit.
 */
const roleNameStart = (scope: Construct): string => Stack.of(scope).stackName.slice(0, 24);

/** What a part of the run engine may: read and write runs and logs, push lines, act in the customer's account. */
export const enginePermissions = ({ state, socket }: Parts) => [
  permit.readWriteTable(state.coreTable),
  permit.readWriteTable(state.trafficTable),
  permit.readObjects(state.runsBucket, 'snapshots'),
  permit.openSecrets(state.secretsKey),
  permit.assumeCustomerRoles(),
  permit.postToSockets(socket.stage),
];
