import { Duration } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import * as permit from '../../constructs/permissions.ts';
import { ServiceFunction } from '../../constructs/service-function.ts';
import { enginePermissions, type Parts, projectsOf } from './parts.ts';

/** Every minute, the finest that Scheduler knows: finds what a lost hint left behind and repairs it. */
export function reconciler(scope: Construct, parts: Parts, machine: StateMachine): void {
  const { lambda } = reconcileFunction(scope, parts, machine);
  const role = new Role(scope, 'ReconcileScheduleRole', {
    description: 'Calls the reconciler',
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
    inlinePolicies: {
      Own: new PolicyDocument({
        statements: [
          new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [lambda.functionArn] }),
        ],
      }),
    },
  });
  new Schedule(scope, 'ReconcileSchedule', {
    schedule: ScheduleExpression.rate(Duration.minutes(1)),
    // A firing that fails is not repeated: the next one does the same work.
    target: new LambdaInvoke(lambda, { role: role.withoutPolicyUpdates(), retryAttempts: 0 }),
  });
}

function reconcileFunction(scope: Construct, parts: Parts, machine: StateMachine) {
  const { stage, state, api, queues, environment: env } = parts;
  return new ServiceFunction(scope, 'Reconcile', {
    stage,
    name: 'jobs/reconcile',
    retryAttempts: 0,
    environment: {
      ...env.engine,
      ...env.runnerPools,
      API_URL: api.url,
      DISPATCH_QUEUE_URL: queues.dispatch.queueUrl,
      LEFTOVERS_QUEUE_URL: queues.leftovers.queueUrl,
      REMOVALS_QUEUE_URL: queues.removals.queueUrl,
      STATE_MACHINE_ARN: machine.stateMachineArn,
    },
    permissions: [
      ...enginePermissions(parts),
      permit.queryIndex(state.coreTable, 'due'),
      permit.sendTo([queues.dispatch, queues.leftovers, queues.removals]),
      permit.startExecutions(machine),
      permit.readExecutions(machine),
      permit.answerTasks(machine),
      permit.watchBuilds(projectsOf(parts)),
      permit.startBuilds(projectsOf(parts)),
    ],
  });
}
