import { Duration } from 'aws-cdk-lib';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import * as permit from '../../constructs/permissions.ts';
import { ServiceFunction } from '../../constructs/service-function.ts';
import type { Parts } from './parts.ts';

/** The outbox: tells sockets, queues and the bus what changed in the core table. */
export function publishChanges(scope: Construct, parts: Parts): void {
  const { stage, state, socket, queues, bus, environment: env } = parts;
  const { lambda } = new ServiceFunction(scope, 'PublishChanges', {
    stage,
    name: 'events/publish-changes',
    environment: {
      ...env.traffic,
      ...env.resourcesBucket,
      ...env.socketPush,
      DISPATCH_QUEUE_URL: queues.dispatch.queueUrl,
      LEFTOVERS_QUEUE_URL: queues.leftovers.queueUrl,
      REMOVALS_QUEUE_URL: queues.removals.queueUrl,
      POISON_QUEUE_URL: queues.poison.queueUrl,
      EVENT_BUS_NAME: bus.eventBusName,
    },
    permissions: [
      permit.readStream(state.coreTable),
      permit.readWriteTable(state.trafficTable),
      permit.postToSockets(socket.stage),
      permit.sendTo([queues.dispatch, queues.leftovers, queues.removals, queues.poison]),
      permit.putEvents(bus),
      // Files of resources that are gone.
      permit.deleteObjects(state.resourcesBucket, 'files'),
    ],
  });
  // The function parks a bad record itself; these settings only matter when it cannot even do that. Repeated while
  // a fault of ours or of AWS may pass (an hour), then set aside so that the shard goes on.
  lambda.addEventSource(
    new DynamoEventSource(state.coreTable, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 20,
      maxRecordAge: Duration.hours(1),
      onFailure: new SqsDlq(queues.poison),
    }),
  );
}

/** Admits waiting runs. */
export function dispatchRuns(scope: Construct, parts: Parts, machine: StateMachine): void {
  const { stage, state, socket, queues, environment: env } = parts;
  const { lambda } = new ServiceFunction(scope, 'DispatchRuns', {
    stage,
    name: 'events/dispatch-runs',
    environment: {
      ...env.core,
      ...env.traffic,
      ...env.socketPush,
      ...env.limits,
      DISPATCH_QUEUE_URL: queues.dispatch.queueUrl,
      STATE_MACHINE_ARN: machine.stateMachineArn,
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      // The log of a run that waits in vain says why it ends.
      permit.readWriteTable(state.trafficTable),
      permit.postToSockets(socket.stage),
      permit.receiveFrom(queues.dispatch),
      permit.bringBack(queues.dispatch),
      permit.startExecutions(machine),
    ],
  });
  // Wake-ups of one pool that wait together are one look at its queue.
  lambda.addEventSource(
    new SqsEventSource(queues.dispatch, { batchSize: 10, reportBatchItemFailures: true }),
  );
}

/** Deletes in customers' accounts what runs left behind. */
export function removeLeftovers(scope: Construct, parts: Parts): void {
  const { stage, state, queues, environment: env } = parts;
  const { lambda } = new ServiceFunction(scope, 'RemoveLeftovers', {
    stage,
    name: 'events/remove-leftovers',
    environment: {
      ...env.core,
      ...env.runsBucket,
      ...env.secrets,
      ...env.deployment,
      ...env.identity,
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      permit.readObjects(state.runsBucket, 'snapshots'),
      permit.openSecrets(state.secretsKey),
      permit.assumeCustomerRoles(),
      permit.receiveFrom(queues.leftovers),
    ],
  });
  // One run a call, as each may take minutes; two at a time, as they may meet the limits of one account.
  lambda.addEventSource(
    new SqsEventSource(queues.leftovers, { batchSize: 1, maxConcurrency: 2, reportBatchItemFailures: true }),
  );
}

/** Removes what is in deleted workspaces. */
export function removeWorkspaces(scope: Construct, parts: Parts): void {
  const { stage, state, queues, environment: env } = parts;
  const { lambda } = new ServiceFunction(scope, 'RemoveWorkspaces', {
    stage,
    name: 'events/remove-workspaces',
    environment: {
      ...env.core,
      ...env.traffic,
      ...env.runsBucket,
      ...env.resourcesBucket,
      REMOVALS_QUEUE_URL: queues.removals.queueUrl,
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      permit.removeFromTable(state.coreTable),
      permit.readWriteTable(state.trafficTable),
      permit.removeFromTable(state.trafficTable),
      permit.listObjects(state.runsBucket),
      permit.deleteObjects(state.runsBucket, 'snapshots'),
      permit.deleteObjects(state.runsBucket, 'jobs'),
      permit.listObjects(state.resourcesBucket),
      permit.deleteObjects(state.resourcesBucket, 'files'),
      permit.receiveFrom(queues.removals),
      permit.sendTo([queues.removals]),
    ],
  });
  // Two at a time are enough for what nobody waits for, and leave the tables to those who do.
  lambda.addEventSource(
    new SqsEventSource(queues.removals, { batchSize: 1, maxConcurrency: 2, reportBatchItemFailures: true }),
  );
}
