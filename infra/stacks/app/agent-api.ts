import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import * as permit from '../../constructs/permissions.ts';
import { ServiceFunction } from '../../constructs/service-function.ts';
import { enginePermissions, type Parts } from './parts.ts';

/** What runners and agents call: it hands out jobs with their secrets and credentials, and ends the Build state. */
export const agentApi = (scope: Construct, parts: Parts, machine: StateMachine) => {
  const { stage, state, environment: env } = parts;
  return new ServiceFunction(scope, 'AgentApi', {
    stage,
    name: 'agent-api',
    environment: {
      ...env.engine,
      ...env.resourcesBucket,
      HEARTBEAT_SECONDS: String(stage.heartbeatSeconds),
      CHUNK_INTERVAL_MILLISECONDS: String(stage.chunkIntervalMilliseconds),
    },
    permissions: [
      ...enginePermissions(parts),
      // Signs links to job bundles.
      permit.readObjects(state.runsBucket, 'jobs'),
      // Signs links to the uploaded files of a job, in the versions that its run began with.
      permit.readVersions(state.resourcesBucket, 'files'),
      // The login of a VM that stays.
      permit.sealSecrets(state.secretsKey),
      permit.answerTasks(machine),
    ],
  });
};
