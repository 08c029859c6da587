import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import * as permit from '../../constructs/permissions.ts';
import type { ApiTargets } from '../../constructs/public-api.ts';
import { ServiceFunction } from '../../constructs/service-function.ts';
import type { Parts } from './parts.ts';

/** The functions behind the HTTP API. Of them only what looks at customers' platforms opens secrets. */
export function apiFunctions(
  scope: Construct,
  parts: Parts,
  machine: StateMachine,
): Omit<ApiTargets, 'agent'> {
  return {
    public: publicApi(scope, parts).lambda,
    access: accessApi(scope, parts).lambda,
    definitions: definitionsApi(scope, parts).lambda,
    runs: runsApi(scope, parts, machine).lambda,
    platforms: platformsApi(scope, parts).lambda,
  };
}

const publicApi = (scope: Construct, { stage }: Parts) =>
  new ServiceFunction(scope, 'PublicDocuments', {
    stage,
    name: 'api/public',
    environment: {},
    permissions: [],
  });

const accessApi = (scope: Construct, { stage, state, socket, environment: env }: Parts) =>
  new ServiceFunction(scope, 'AccessApi', {
    stage,
    name: 'api/access',
    environment: {
      ...env.core,
      ...env.traffic,
      ...env.authentication,
      ...env.runnerPools,
      WORKSPACE_LIMIT: env.limits.WORKSPACE_LIMIT,
      SOCKET_URL: socket.connectUrl,
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      // Socket tickets.
      permit.putIntoTable(state.trafficTable),
    ],
  });

const definitionsApi = (scope: Construct, { stage, state, environment: env }: Parts) =>
  new ServiceFunction(scope, 'DefinitionsApi', {
    stage,
    name: 'api/definitions',
    environment: {
      ...env.core,
      ...env.authentication,
      ...env.secrets,
      ...env.resourcesBucket,
      ...env.runnerPools,
      ...env.trust,
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      permit.sealSecrets(state.secretsKey),
      // Uploads and downloads are signed in its name.
      permit.readObjects(state.resourcesBucket, 'files'),
      permit.putTaggedObjects(state.resourcesBucket, 'files'),
      // What was uploaded and is not what was announced.
      permit.deleteObjects(state.resourcesBucket, 'files'),
      permit.listObjects(state.resourcesBucket),
    ],
  });

const runsApi = (scope: Construct, { stage, state, environment: env }: Parts, machine: StateMachine) =>
  new ServiceFunction(scope, 'RunsApi', {
    stage,
    name: 'api/runs',
    environment: {
      ...env.core,
      ...env.traffic,
      ...env.authentication,
      ...env.runsBucket,
      ...env.limits,
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      permit.readTable(state.trafficTable),
      // Logs and job bundles of runs that are deleted.
      permit.deleteFromTable(state.trafficTable),
      permit.deleteObjects(state.runsBucket, 'jobs'),
      permit.readObjects(state.runsBucket, 'snapshots'),
      permit.putObjects(state.runsBucket, 'snapshots'),
      // A stop ends the wait for a runner that nobody needs any more.
      permit.answerTasks(machine),
    ],
  });

/** What looks at customers' platforms: it opens the secrets of connections, and stores none. */
const platformsApi = (scope: Construct, { stage, state, environment: env }: Parts) =>
  new ServiceFunction(scope, 'PlatformsApi', {
    stage,
    name: 'api/platforms',
    environment: {
      ...env.core,
      ...env.authentication,
      ...env.runsBucket,
      ...env.resourcesBucket,
      ...env.secrets,
      ...env.deployment,
      ...env.identity,
      PACKER_GENERATION: stage.packer.generation,
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      permit.openSecrets(state.secretsKey),
      permit.assumeCustomerRoles(),
      permit.readObjects(state.runsBucket, 'snapshots'),
      permit.readObjects(state.runsBucket, 'jobs'),
      // Links to the uploaded files of a template are signed in its name, and a preflight looks whether they are there.
      permit.readVersions(state.resourcesBucket, 'files'),
      permit.listObjects(state.resourcesBucket),
    ],
  });
