/** What the functions of the app are made from: the things they use, and what their environments say of them. */
import { Aws, Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { tokenIssuer } from '../../config/addresses.ts';
import type { Stage } from '../../config/stage.ts';
import type { BuildProject } from '../../constructs/build-project.ts';
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
  build: BuildProject;
  queues: Queues;
  bus: EventBus;
  environment: EnvironmentGroups;
};

export type EnvironmentGroups = ReturnType<typeof environmentGroups>;

/** The one pool that a deployment has today; its builds are CodeBuild's. */
const CLOUD_POOL = 'cloud';

/** The variables that more than one function has, in the groups of `shared/contracts/env`. */
export function environmentGroups(
  scope: Construct,
  { stage, state, socket, build }: Pick<Parts, 'stage' | 'state' | 'socket' | 'build'>,
) {
  const { issuer, jwksUri } = tokenIssuer(scope, stage, state.userPool.userPoolId);
  const pools = Stack.of(scope).toJsonString([
    { id: CLOUD_POOL, maxConcurrentRuns: stage.poolLimit, project: build.project.projectName },
  ]);
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
