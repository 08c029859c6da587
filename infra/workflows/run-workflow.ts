import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DefinitionBody,
  type IChainable,
  IntegrationPattern,
  JitterType,
  LogLevel,
  QueryLanguage,
  StateMachine,
  TaskInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { FunctionName } from '../../shared/contracts/env/index.ts';
import type { TaskResult } from '../../shared/contracts/workflow.ts';
import type { Stage } from '../config/stage.ts';
import type { ServiceFunction } from '../constructs/service-function.ts';

type Task<Name extends FunctionName> = Pick<ServiceFunction<Name>, 'lambda' | 'timeout'>;

export type RunTasks = {
  prepare: Task<'workflow/prepare'>;
  startBuild: Task<'workflow/start-build'>;
  verify: Task<'workflow/verify'>;
  finish: Task<'workflow/finish'>;
};

/** The last net under a build: as long as CodeBuild lets one run. The reconciler judges silence much earlier. */
const BUILD_LIMIT = Duration.hours(36);

/** A task may wait for its function to be started, so it gets more time than the function has. */
const START_ALLOWANCE = Duration.seconds(30);

/**
 * Prepare, Build, Verify, Finish: one execution a run, named by the run's id.
 *
 * Only ids go in, and every task reads them from there: no state hands data to another. All errors go to Finish
 * without being told apart, because the run's row says what happened; only of a run whose row does not, the name of the
 * broken state is its failure. When Finish fails too, the execution ends in error and the reconciler finishes the run.
 * The machine has no time limit of its own: it would skip Finish. A second attempt at a build, and one that found no
 * room, are not states: the reconciler makes them under the same task token (docs/adr/0011).
 */
export class RunWorkflow extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, { stage, tasks }: { stage: Stage; tasks: RunTasks }) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const functions = Object.values(tasks).map((task) => task.lambda);
    this.machine = new StateMachine(this, 'Machine', {
      comment: 'One run: prepare, build, verify, finish',
      queryLanguage: QueryLanguage.JSONATA,
      definitionBody: DefinitionBody.fromChainable(runStates(this, tasks)),
      role: workflowRole(this, functions).withoutPolicyUpdates(),
      tracingEnabled: true,
      logs: { destination: logGroup, level: LogLevel.ERROR, includeExecutionData: false },
    });
    Validations.of(this.machine).acknowledge({
      id: 'AwsSolutions-SF1',
      reason: 'Errors are logged; every step of a run is in its own log already, which the team reads.',
    });
  }
}

const ids = {
  workspaceId: '{% $states.context.Execution.Input.workspaceId %}',
  runId: '{% $states.context.Execution.Input.runId %}',
};

const wentOn: TaskResult['next'] = 'go-on';

function runStates(scope: Construct, tasks: RunTasks): IChainable {
  const finish = invoke(scope, 'Finish', tasks.finish, { broken: BROKEN });
  const verify = invoke(scope, 'Verify', tasks.verify).addCatch(finish, toFinish('Verify'));
  const build = startBuild(scope, tasks.startBuild).addCatch(finish, toFinish('Build'));
  const prepare = invoke(scope, 'Prepare', tasks.prepare).addCatch(finish, toFinish('Prepare'));
  const isPrepared = Choice.jsonata(scope, 'Is there something to build?')
    .when(Condition.jsonata(`{% $states.input.next = '${wentOn}' %}`), build)
    .otherwise(finish);
  prepare.next(isPrepared);
  build.next(verify);
  verify.next(finish);
  return prepare;
}

/** Which state broke and the name of its error: a word each, for the failure of a run that has no other. */
const toFinish = (state: string) => ({
  errors: ['States.ALL'],
  outputs: { broken: { state, error: '{% $states.errorOutput.Error %}' } },
});
const BROKEN = '{% $exists($states.input.broken) ? $states.input.broken : null %}';

/**
 * What Lambda calls its own trouble, after which the function may or may not have run. Waits of up to 2, 4, 8, 16, 32
 * and 64 s, drawn at random (full jitter) so that a thousand runs do not come back together: two minutes at most.
 */
const repeated = {
  errors: [
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
  ],
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxAttempts: 6,
  jitterStrategy: JitterType.FULL,
};

/** Why each task may be repeated; errors of our own code are not: the same code would meet them again. */
const harmless = {
  Prepare: 'Repeated on trouble of Lambda: it changes the run once, and finds it changed the second time.',
  Build:
    'Repeated on trouble of Lambda: of two starts the claim of the later one is in force, and a build under way is handed to the new token.',
  Verify: 'Repeated on trouble of Lambda: it asks the platform and writes the first verdict only.',
  Finish:
    'Repeated on trouble of Lambda: whoever comes second finds the run ended. Fails for good: the reconciler does it.',
};

function invoke(
  scope: Construct,
  id: 'Prepare' | 'Verify' | 'Finish',
  task: Task<FunctionName>,
  more: Record<string, string> = {},
): LambdaInvoke {
  const state = LambdaInvoke.jsonata(scope, id, {
    comment: harmless[id],
    lambdaFunction: task.lambda,
    payload: TaskInput.fromObject({ ...ids, ...more }),
    outputs: '{% $states.result.Payload %}',
    taskTimeout: Timeout.duration(task.timeout.plus(START_ALLOWANCE)),
    retryOnServiceExceptions: false,
  });
  state.addRetry(repeated);
  return state;
}

/** Waits until the runner's completion, the reconciler or StartBuild itself answers the task token. */
function startBuild(scope: Construct, task: Task<'workflow/start-build'>): LambdaInvoke {
  const state = LambdaInvoke.jsonata(scope, 'Build', {
    comment: harmless.Build,
    lambdaFunction: task.lambda,
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: TaskInput.fromObject({ ...ids, taskToken: '{% $states.context.Task.Token %}' }),
    taskTimeout: Timeout.duration(BUILD_LIMIT),
    retryOnServiceExceptions: false,
  });
  state.addRetry(repeated);
  return state;
}

function workflowRole(scope: Construct, functions: IFunction[]): Role {
  const role = new Role(scope, 'Role', {
    description: 'Calls the tasks of a run',
    assumedBy: new ServicePrincipal('states.amazonaws.com'),
    inlinePolicies: {
      Own: new PolicyDocument({
        statements: [
          new PolicyStatement({
            actions: ['lambda:InvokeFunction'],
            resources: functions.map((target) => target.functionArn),
          }),
          // Neither service has resources to name in these actions.
          new PolicyStatement({ actions: [...logDelivery, ...tracing], resources: ['*'] }),
        ],
      }),
    },
  });
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'Log delivery and X-Ray know no resources: their actions are only granted on all.',
  });
  return role;
}

/** What Step Functions asks for to deliver its log (its guide, "Logging using CloudWatch Logs"). */
const logDelivery = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];
/** What Step Functions asks for to trace (its guide, "Trace requests with X-Ray"). */
const tracing = [
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
];
