/** Every permission that a function of Goldsmith can hold: exact actions on named resources, a reason where not. */
import { Aws, Validations } from 'aws-cdk-lib';
import type { IWebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IProject } from 'aws-cdk-lib/aws-codebuild';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';

const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>) =>
  new PolicyStatement({ actions, resources, ...(conditions !== undefined && { conditions }) });

/** A permission on resources that cannot be named one by one, and why not. */
export class WildcardStatement extends PolicyStatement {
  readonly reason: string;

  constructor(actions: string[], resources: string[], reason: string) {
    super({ actions, resources });
    this.reason = reason;
  }
}

/**
 * Hands the reasons of wide permissions on to cdk-nag's rule IAM5. Its findings hold names that are only known when
 * everything is put together: `<>` stands for each, and the test of the rules compares accordingly.
 */
export function acknowledgeWildcards(role: Role, permissions: PolicyStatement[]): void {
  for (const statement of permissions) {
    if (!(statement instanceof WildcardStatement)) continue;
    for (const resource of statement.resources) {
      const pattern = resource.replaceAll(/\$\{Token\[[^\]]*\]\}/g, '<>');
      const { reason } = statement;
      Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${pattern}]`, reason });
    }
  }
}

/** A transaction needs the actions of its parts; there is none of its own. */
const tableReads = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];
const tableWrites = [
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  'dynamodb:ConditionCheckItem',
];

export const readTable = (table: ITable) => allow(tableReads, [table.tableArn]);
export const readWriteTable = (table: ITable) => allow([...tableReads, ...tableWrites], [table.tableArn]);
/** A transaction that only deletes: nothing can be put or changed with it. */
export const deleteFromTable = (table: ITable) => allow(['dynamodb:DeleteItem'], [table.tableArn]);
/** Many rows in one call, each by itself: for what is removed as a whole. */
export const removeFromTable = (table: ITable) => allow(['dynamodb:BatchWriteItem'], [table.tableArn]);
export const putIntoTable = (table: ITable) => allow(['dynamodb:PutItem'], [table.tableArn]);
export const queryIndex = (table: ITable, index: string) =>
  allow(['dynamodb:Query'], [`${table.tableArn}/index/${index}`]);

/** What an event source mapping asks of the function whose stream it reads. */
export const readStream = (table: ITable) =>
  new WildcardStatement(
    ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
    [`${table.tableArn}/stream/*`],
    'A stream gets another name each time it is switched on.',
  );

const objectsAreMadeLater = 'Objects are made later, by runs and uploads; the prefix says of which kind.';
export const readObjects = (bucket: IBucket, prefix: string) =>
  new WildcardStatement(['s3:GetObject'], [bucket.arnForObjects(`${prefix}/*`)], objectsAreMadeLater);
/** Also what was deleted some days ago, by its version. */
export const readVersions = (bucket: IBucket, prefix: string) =>
  new WildcardStatement(
    ['s3:GetObject', 's3:GetObjectVersion'],
    [bucket.arnForObjects(`${prefix}/*`)],
    objectsAreMadeLater,
  );
export const putObjects = (bucket: IBucket, prefix: string) =>
  new WildcardStatement(['s3:PutObject'], [bucket.arnForObjects(`${prefix}/*`)], objectsAreMadeLater);

/** Signs uploads that carry a tag, and takes the tag away from what is complete. */
export const putTaggedObjects = (bucket: IBucket, prefix: string) =>
  new WildcardStatement(
    ['s3:PutObject', 's3:PutObjectTagging', 's3:PutObjectVersionTagging'],
    [bucket.arnForObjects(`${prefix}/*`)],
    objectsAreMadeLater,
  );
/** In a bucket with versions what is deleted can still be read by its version for some days; in one without it is gone. */
export const deleteObjects = (bucket: IBucket, prefix: string) =>
  new WildcardStatement(['s3:DeleteObject'], [bucket.arnForObjects(`${prefix}/*`)], objectsAreMadeLater);
/** Without it S3 answers for an object that is not there as for one that may not be seen. */
export const listObjects = (bucket: IBucket) => allow(['s3:ListBucket'], [bucket.bucketArn]);

/** A secret is always bound to its place: without the whole encryption context the key does nothing. */
const boundToPlace = {
  Null: Object.fromEntries(
    ['workspace', 'entity', 'field'].map((name) => [`kms:EncryptionContext:${name}`, 'false']),
  ),
};
export const sealSecrets = (key: IKey) => allow(['kms:Encrypt'], [key.keyArn], boundToPlace);
export const openSecrets = (key: IKey) => allow(['kms:Decrypt'], [key.keyArn], boundToPlace);

/** Roles of customers, in accounts that are not known here. */
export const assumeCustomerRoles = () =>
  new WildcardStatement(
    ['sts:AssumeRole'],
    [`arn:${Aws.PARTITION}:iam::*:role/*`],
    'Customers name their roles themselves. The owner of a role decides: its trust policy names this deployment and demands the external id of the connection.',
  );

/** Tokens for the accounts of other clouds that trust this deployment; each is made for one connection. */
export const makeIdentityTokens = () => {
  const statement = new WildcardStatement(
    ['sts:GetWebIdentityToken'],
    ['*'],
    'The action knows no resources; the audience says who a token is for, and begins with goldsmith.',
  );
  statement.addCondition('ForAllValues:StringLike', { 'sts:IdentityTokenAudience': 'goldsmith:con_*' });
  // Of no audience at all the condition above is true.
  statement.addCondition('Null', { 'sts:IdentityTokenAudience': 'false' });
  return statement;
};

/** Messages to open connections. */
export const postToSockets = (stage: IWebSocketStage) =>
  new WildcardStatement(
    ['execute-api:ManageConnections'],
    [
      `arn:${Aws.PARTITION}:execute-api:${Aws.REGION}:${Aws.ACCOUNT_ID}:` +
        `${stage.api.apiId}/${stage.stageName}/*/@connections/*`,
    ],
    'Connections get their ids when they are opened.',
  );

export const sendTo = (queues: IQueue[]) =>
  allow(
    ['sqs:SendMessage'],
    queues.map((queue) => queue.queueArn),
  );

/** What an event source mapping asks of the function that it calls with messages. */
export const receiveFrom = (queue: IQueue) =>
  allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [queue.queueArn]);

/** To let a message come again sooner than its queue would. */
export const bringBack = (queue: IQueue) => allow(['sqs:ChangeMessageVisibility'], [queue.queueArn]);

export const putEvents = (bus: IEventBus) => allow(['events:PutEvents'], [bus.eventBusArn]);

export const startExecutions = (machine: StateMachine) =>
  allow(['states:StartExecution'], [machine.stateMachineArn]);
export const readExecutions = (machine: StateMachine) =>
  new WildcardStatement(
    ['states:DescribeExecution'],
    [`arn:${Aws.PARTITION}:states:${Aws.REGION}:${Aws.ACCOUNT_ID}:execution:${machine.stateMachineName}:*`],
    'Executions are named by runs, later.',
  );
export const answerTasks = (machine: StateMachine) =>
  allow(['states:SendTaskSuccess', 'states:SendTaskFailure'], [machine.stateMachineArn]);
const inProjects = (actions: string[], projects: IProject[]) =>
  allow(
    actions,
    projects.map(({ projectArn }) => projectArn),
  );
export const startBuilds = (projects: IProject[]) => inProjects(['codebuild:StartBuild'], projects);
export const stopBuilds = (projects: IProject[]) => inProjects(['codebuild:StopBuild'], projects);
export const watchBuilds = (projects: IProject[]) =>
  inProjects(['codebuild:BatchGetBuilds', 'codebuild:StopBuild'], projects);

export const writeLogs = (group: ILogGroup) =>
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [group.logGroupArn]);
