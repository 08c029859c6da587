import { Aws, CfnOutput, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { Stage } from '../config/stage.ts';
import { PublicApi } from '../constructs/public-api.ts';
import { Queues } from '../constructs/queues.ts';
import { SocketApi } from '../constructs/socket-api.ts';
import type { RunWorkflow } from '../workflows/run-workflow.ts';
import { agentApi } from './app/agent-api.ts';
import { refusedBuildsAlarm } from './app/alarms.ts';
import { apiFunctions } from './app/api-functions.ts';
import { dispatchRuns, publishChanges, removeLeftovers, removeWorkspaces } from './app/event-functions.ts';
import { buildPools, environmentGroups, type Parts } from './app/parts.ts';
import { reconciler } from './app/reconciler.ts';
import { runWorkflow } from './app/run-functions.ts';
import { socketFunctions } from './app/socket-functions.ts';
import type { StateStack } from './state-stack.ts';

export type AppStackProps = { stage: Stage; state: StateStack };

/**
 * Everything that may be replaced at any time. Made in the order of who knows whom: the two APIs first, because
 * functions are given their addresses, their routes last, because those name functions.
 */
export class AppStack extends Stack {
  constructor(scope: Construct, id: string, { stage, state }: AppStackProps) {
    super(scope, id, { description: `Goldsmith ${stage.name}: application` });
    const api = new PublicApi(this, 'PublicApi', stage);
    const socket = new SocketApi(this, 'SocketApi', stage);
    const pools = buildPools(this, { stage, api });
    const parts: Parts = {
      stage,
      state,
      api,
      socket,
      pools,
      queues: new Queues(this, 'Queues'),
      bus: new EventBus(this, 'Bus'),
      environment: environmentGroups(this, { stage, state, socket, pools }),
    };
    const workflow = runWorkflow(this, parts);
    api.serve({
      ...apiFunctions(this, parts, workflow.machine),
      agent: agentApi(this, parts, workflow.machine).lambda,
    });
    socket.serve(socketFunctions(this, parts));
    publishChanges(this, parts);
    dispatchRuns(this, parts, workflow.machine);
    removeLeftovers(this, parts);
    removeWorkspaces(this, parts);
    reconciler(this, parts, workflow.machine);
    refusedBuildsAlarm(this, parts);
    this.#addOutputs(parts, workflow);
  }

  /** What people and scripts need to know of a deployment. */
  #addOutputs({ state, api, socket, pools, bus }: Parts, workflow: RunWorkflow): void {
    const outputs = {
      ApiUrl: api.url,
      SocketUrl: socket.connectUrl,
      UserPoolId: state.userPool.userPoolId,
      SignInUrl: state.signInUrl,
      UserPoolClientId: state.userPoolClient.userPoolClientId,
      CoreTableName: state.coreTable.tableName,
      TrafficTableName: state.trafficTable.tableName,
      RunsBucketName: state.runsBucket.bucketName,
      BuildProjectName: pools[0]?.build.project.projectName ?? '',
      BuildProjectNames: pools.map(({ pool, build }) => `${pool.id}=${build.project.projectName}`).join(','),
      StateMachineArn: workflow.machine.stateMachineArn,
      EventBusName: bus.eventBusName,
      Region: Aws.REGION,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
