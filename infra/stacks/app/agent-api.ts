import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import * as permit from '../../constructs/permissions.ts';
import { ServiceFunction } from '../../constructs/service-function.ts';
import type { Parts } from './parts.ts';

/** What runners and agents call: it hands out jobs with their secrets and credentials, and ends the Build state. */
export const agentApi = (
  scope: Construct,
  { stage, state, socket, environment: env }: Parts,
  machine: StateMachine,
) =>
  new ServiceFunction(scope, 'AgentApi', {
    stage,
    name: 'agent-api',
    environment: {
      ...env.core,
      ...env.traffic,
      ...env.runsBucket,
      ...env.secrets,
      ...env.socketPush,
      ...env.deployment,
      HEARTBEAT_SECONDS: String(stage.heartbeatSeconds),
      CHUNK_INTERVAL_MILLISECONDS: String(stage.chunkIntervalMilliseconds),
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      permit.readWriteTable(state.trafficTable),
      permit.readObjects(state.runsBucket, 'snapshots'),
      // Signs links to job bundles.
      permit.readObjects(state.runsBucket, 'jobs'),
      permit.openSecrets(state.secretsKey),
      permit.assumeCustomerRoles(),
      permit.postToSockets(socket.stage),
      permit.answerTasks(machine),
    ],
  });
