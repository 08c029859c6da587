import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Policy, PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvironmentInput, FunctionName } from '../../shared/contracts/env/index.ts';
import type { Stage } from '../config/stage.ts';
import { functionProgram } from './bundle.ts';
import { functionLimits } from './function-limits.ts';
import { acknowledgeWildcards, writeLogs } from './permissions.ts';

export type ServiceFunctionProps<F extends FunctionName> = {
  stage: Stage;
  /** Its folder below `functions/`, which decides its program, its limits and what its environment must hold. */
  name: F;
  environment: EnvironmentInput<F>;
  /** All that it may do, beside writing its own log. */
  permissions: PolicyStatement[];
  /** How often Lambda repeats an asynchronous call that failed; its own default is 2. */
  retryAttempts?: number;
};

/**
 * One deployed program of Goldsmith: bundled, with a role and a log group of its own.
 * The role is complete when it is made. The CDK's own grants add nothing to it, so what a function may do stands
 * where the function is made.
 */
export class ServiceFunction<F extends FunctionName> extends Construct {
  readonly lambda: LambdaFunction;
  readonly timeout: Duration;
  readonly #role: Role;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps<F>) {
    super(scope, id);
    const { stage, name } = props;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.#role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${name} may do`,
      inlinePolicies: {
        Own: new PolicyDocument({ statements: [writeLogs(logGroup), ...props.permissions] }),
      },
    });
    acknowledgeWildcards(this.#role, props.permissions);
    const program = functionProgram(name);
    this.timeout = functionLimits[name].timeout;
    this.lambda = new LambdaFunction(this, 'Function', {
      description: name,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(program.path, program.options),
      handler: 'index.handler',
      environment: props.environment,
      role: this.#role.withoutPolicyUpdates(),
      logGroup,
      ...functionLimits[name],
      ...(stage.reservedConcurrency[name] !== undefined && {
        reservedConcurrentExecutions: stage.reservedConcurrency[name],
      }),
      ...(props.retryAttempts !== undefined && { retryAttempts: props.retryAttempts }),
    });
  }

  /**
   * A permission on something that itself needs this function: a policy apart, because the function waits for its
   * role to be made, and the role would wait for that thing.
   */
  permitLater(id: string, statement: PolicyStatement): void {
    new Policy(this, id, { roles: [this.#role], statements: [statement] });
  }
}
