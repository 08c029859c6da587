import { expect, test } from 'vitest';
import { type FunctionName, functionEnvironments } from '../../shared/contracts/env/index.ts';
import { runnerPools } from '../../shared/contracts/env/runner-pools.ts';
import { awsStage, localStage } from './support/example-stage.ts';
import { functionsOf, type Statement, synthesise, textOf } from './support/templates.ts';

const { app } = synthesise(awsStage());
const functions = functionsOf(app);
const names = Object.keys(functionEnvironments);

const log = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const reads = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const writes = [
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
];
const core = '{goldsmith-test-state:CoreTable}';
const traffic = '{goldsmith-test-state:TrafficTable}';
const runs = '{goldsmith-test-state:RunsBucket}';
const resources = '{goldsmith-test-state:ResourcesBucket}';
const readFiles = ['GetObject', 'GetObjectVersion'].map((action) => `s3:${action} ${resources}/files/*`);
const deleteResources = `s3:DeleteObject ${resources}/files/*`;
const coreReadWrite = [...reads, ...writes].map((action) => `${action} ${core}`);
const trafficReadWrite = [...reads, ...writes].map((action) => `${action} ${traffic}`);
const trafficReads = reads.map((action) => `${action} ${traffic}`);
const coreReads = reads.map((action) => `${action} ${core}`);
const encrypt = 'kms:Encrypt {goldsmith-test-state:SecretsKey}';
const decrypt = 'kms:Decrypt {goldsmith-test-state:SecretsKey}';
const assume = 'sts:AssumeRole arn:{AWS::Partition}:iam::*:role/*';
const post =
  'execute-api:ManageConnections arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{SocketApi}/v1/*/@connections/*';
const snapshots = `s3:GetObject ${runs}/snapshots/*`;
const machine = '{RunWorkflowMachine}';
const project = '{BuildProject.Arn}';
const receive = (queue: string) => [
  `sqs:DeleteMessage ${queue}`,
  `sqs:GetQueueAttributes ${queue}`,
  `sqs:ReceiveMessage ${queue}`,
];
const dispatch = '{QueuesDispatch.Arn}';
const leftovers = '{QueuesLeftovers.Arn}';
const removals = '{QueuesRemovals.Arn}';
const cloudTask = [...coreReadWrite, ...trafficReadWrite, snapshots, decrypt, assume, post];

/** Everything that each function may do, beside writing its log. */
const allowed: Record<FunctionName, string[]> = {
  'api/public': [],
  'api/access': [...coreReadWrite, `dynamodb:PutItem ${traffic}`],
  'api/definitions': [
    ...coreReadWrite,
    encrypt,
    ...['GetObject', 'PutObject', 'PutObjectTagging', 'PutObjectVersionTagging'].map(
      (action) => `s3:${action} ${resources}/files/*`,
    ),
    deleteResources,
    `s3:ListBucket ${resources}`,
  ],
  'api/runs': [
    ...coreReadWrite,
    ...trafficReads,
    `dynamodb:DeleteItem ${traffic}`,
    `s3:DeleteObject ${runs}/jobs/*`,
    snapshots,
    `s3:PutObject ${runs}/snapshots/*`,
    `states:SendTaskFailure ${machine}`,
    `states:SendTaskSuccess ${machine}`,
  ],
  'api/platforms': [
    ...coreReadWrite,
    decrypt,
    assume,
    snapshots,
    `s3:GetObject ${runs}/jobs/*`,
    ...readFiles,
    `s3:ListBucket ${resources}`,
  ],
  'agent-api': [
    ...cloudTask,
    encrypt,
    `s3:GetObject ${runs}/jobs/*`,
    ...readFiles,
    `states:SendTaskFailure ${machine}`,
    `states:SendTaskSuccess ${machine}`,
  ],
  'workflow/prepare': [
    ...cloudTask,
    `s3:PutObject ${runs}/jobs/*`,
    ...readFiles,
    `s3:ListBucket ${resources}`,
  ],
  'workflow/start-build': [
    ...coreReadWrite,
    `codebuild:StartBuild ${project}`,
    `states:SendTaskFailure ${machine}`,
    `states:SendTaskSuccess ${machine}`,
  ],
  'workflow/verify': cloudTask,
  'workflow/finish': [...cloudTask, `codebuild:StopBuild ${project}`],
  'events/publish-changes': [
    ...trafficReadWrite,
    post,
    ...['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map(
      (action) => `dynamodb:${action} ${core}/stream/*`,
    ),
    `sqs:SendMessage ${dispatch}`,
    `sqs:SendMessage ${leftovers}`,
    `sqs:SendMessage ${removals}`,
    'sqs:SendMessage {QueuesPoison.Arn}',
    'events:PutEvents {Bus.Arn}',
    deleteResources,
  ],
  'events/dispatch-runs': [
    ...coreReadWrite,
    ...trafficReadWrite,
    post,
    ...receive(dispatch),
    `sqs:ChangeMessageVisibility ${dispatch}`,
    `states:StartExecution ${machine}`,
  ],
  'events/remove-leftovers': [...coreReadWrite, snapshots, decrypt, assume, ...receive(leftovers)],
  'events/remove-workspaces': [
    ...coreReadWrite,
    ...trafficReadWrite,
    ...[core, traffic].map((table) => `dynamodb:BatchWriteItem ${table}`),
    ...[runs, resources].map((bucket) => `s3:ListBucket ${bucket}`),
    `s3:DeleteObject ${runs}/snapshots/*`,
    `s3:DeleteObject ${runs}/jobs/*`,
    deleteResources,
    ...receive(removals),
    `sqs:SendMessage ${removals}`,
  ],
  'jobs/reconcile': [
    ...cloudTask,
    `dynamodb:Query ${core}/index/due`,
    `sqs:SendMessage ${dispatch}`,
    `sqs:SendMessage ${leftovers}`,
    `sqs:SendMessage ${removals}`,
    `states:StartExecution ${machine}`,
    'states:DescribeExecution arn:{AWS::Partition}:states:{AWS::Region}:{AWS::AccountId}:execution:{RunWorkflowMachine.Name}:*',
    `states:SendTaskFailure ${machine}`,
    `states:SendTaskSuccess ${machine}`,
    `codebuild:BatchGetBuilds ${project}`,
    `codebuild:StartBuild ${project}`,
    `codebuild:StopBuild ${project}`,
  ],
  'socket/connect': trafficReadWrite,
  'socket/disconnect': trafficReadWrite,
  'socket/message': [...coreReads, ...trafficReadWrite, post],
};

/** `action resource` with names of resources as people write them: without the hashes of logical ids. */
const permissionsOf = (statements: Statement[]): string[] =>
  statements
    .flatMap(({ Action, Resource }) => Action.flatMap((action) => Resource.map((to) => `${action} ${to}`)))
    .filter((permission) => !log.some((action) => permission.startsWith(action)))
    .map(readable)
    .sort();

const readable = (permission: string): string =>
  permission
    .replaceAll(/ExportsOutput(?:Ref|FnGetAtt)([A-Za-z]+?)[0-9A-F]{8}\w*/g, '$1')
    .replaceAll(/\{(\w+?)[0-9A-F]{8}(\.\w+)?\}/g, '{$1$2}');

test('every function of the contract is deployed, and no other', () => {
  expect([...functions.keys()].sort()).toEqual(names.toSorted());
});

test.each(Object.entries(allowed))('%s may do exactly what it needs', (name, permissions) => {
  expect(permissionsOf(functions.get(name)?.statements ?? [])).toEqual(permissions.toSorted());
});

test.each(names)('%s writes nothing but its own log', (name) => {
  const statements = functions.get(name)?.statements ?? [];
  const groups = statements.filter(({ Action }) => Action.some((action) => action.startsWith('logs:')));
  const own = functions.get(name)?.id.replace(/Function[0-9A-F]{8}$/, 'Logs');
  expect(groups.map(({ Action }) => Action)).toEqual([log]);
  expect(groups.flatMap(({ Resource }) => Resource)).toEqual([
    expect.stringMatching(new RegExp(`^\\{${own}[0-9A-F]{8}\\.Arn\\}$`)),
  ]);
});

test('no action has a wildcard', () => {
  const actions = [...functions.values()].flatMap(({ statements }) =>
    statements.flatMap(({ Action }) => Action),
  );
  expect(actions.filter((action) => action.includes('*'))).toEqual([]);
});

test('a secret is only sealed and opened with its whole encryption context', () => {
  const statements = [...functions.values()].flatMap((each) => each.statements);
  const ofKey = statements.filter(({ Action }) => Action.some((action) => action.startsWith('kms:')));
  expect(ofKey.length).toBeGreaterThan(0);
  for (const { Condition } of ofKey) {
    expect(Condition).toEqual({
      Null: {
        'kms:EncryptionContext:workspace': 'false',
        'kms:EncryptionContext:entity': 'false',
        'kms:EncryptionContext:field': 'false',
      },
    });
  }
});

test.each(Object.entries(functionEnvironments))(
  '%s gets exactly the environment it parses',
  (name, schema) => {
    const variables = functions.get(name)?.variables ?? {};
    expect(Object.keys(variables).sort()).toEqual(Object.keys(schema.shape).sort());
  },
);

test('the values that a stage decides are those that the functions parse', () => {
  const stage = awsStage({ poolLimit: 7, workspaceLimit: 9, heartbeatSeconds: 11 });
  const deployed = functionsOf(synthesise(stage).app);
  expect(deployed.get('events/dispatch-runs')?.variables).toMatchObject({ WORKSPACE_LIMIT: '9' });
  for (const [name, schema] of Object.entries(functionEnvironments)) {
    if (!('RUNNER_POOLS' in schema.shape)) continue;
    const { RUNNER_POOLS } = deployed.get(name)?.variables ?? {};
    const [pool, ...others] = runnerPools.RUNNER_POOLS.parse(textOf(RUNNER_POOLS));
    expect(others).toEqual([]);
    expect(pool).toMatchObject({ id: 'cloud', maxConcurrentRuns: 7 });
    expect(pool?.project).toMatch(/^\{BuildProject[0-9A-F]{8}\}$/);
  }
  const { TRUST_PRINCIPAL_ARN, TRUST_ROLE_PATTERN } = deployed.get('api/definitions')?.variables ?? {};
  expect(textOf(TRUST_PRINCIPAL_ARN)).toBe('arn:{AWS::Partition}:iam::{AWS::AccountId}:root');
  expect(textOf(TRUST_ROLE_PATTERN)).toBe(
    'arn:{AWS::Partition}:iam::{AWS::AccountId}:role/goldsmith-test-app*',
  );
  expect(deployed.get('agent-api')?.variables).toMatchObject({
    HEARTBEAT_SECONDS: '11',
    CHUNK_INTERVAL_MILLISECONDS: '500',
  });
  expect(deployed.get('workflow/prepare')?.variables['PACKER_GENERATION']).toBe('modern');
});

test('addresses are those of AWS, and those of the emulator in the local stage', () => {
  const address = (deployed: typeof functions, name: FunctionName, variable: string) =>
    textOf(deployed.get(name)?.variables[variable]).replaceAll(/[0-9A-F]{8}/g, '');
  const local = functionsOf(synthesise(localStage()).app);

  expect(address(functions, 'workflow/start-build', 'API_URL')).toBe(
    'https://{PublicApi}.execute-api.{AWS::Region}.{AWS::URLSuffix}',
  );
  expect(address(functions, 'api/access', 'SOCKET_URL')).toBe(
    'wss://{SocketApi}.execute-api.{AWS::Region}.{AWS::URLSuffix}/v1',
  );
  expect(address(functions, 'api/access', 'JWKS_URI')).toMatch(
    /^https:\/\/cognito-idp\.\{AWS::Region\}.*\/\.well-known\/jwks\.json$/,
  );
  expect(address(local, 'workflow/start-build', 'API_URL')).toBe(
    'http://127.0.0.1:4566/_aws/execute-api/{PublicApi}',
  );
  expect(address(local, 'api/access', 'SOCKET_URL')).toBe(
    'ws://127.0.0.1:4566/_aws/execute-api/{SocketApi}/v1',
  );
  expect(address(local, 'socket/message', 'SOCKET_CALLBACK_URL')).toBe(
    'http://127.0.0.1:4566/_aws/execute-api/{SocketApi}/v1',
  );
  expect(address(local, 'api/access', 'JWKS_URI')).toMatch(
    /^http:\/\/127\.0\.0\.1:4566\/.*\/\.well-known\/jwks\.json$/,
  );
  // The emulator signs in AWS's name.
  expect(address(local, 'api/access', 'TOKEN_ISSUER')).toMatch(/^https:\/\/cognito-idp\./);
});

test('concurrency is reserved where the stage says so, and nowhere else', () => {
  const stage = awsStage({ reservedConcurrency: { 'events/dispatch-runs': 2 } });
  const reserved = [...functionsOf(synthesise(stage).app)].flatMap(([name, { properties }]) =>
    'ReservedConcurrentExecutions' in properties ? [[name, properties['ReservedConcurrentExecutions']]] : [],
  );
  expect(reserved).toEqual([['events/dispatch-runs', 2]]);
});
