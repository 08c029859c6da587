import { expect, test } from 'vitest';
import { z } from 'zod';
import { containing } from '../support/matchers.ts';
import { awsStage, localStage } from './support/example-stage.ts';
import {
  functionsOf,
  outputNamesOf,
  resourceOf,
  resourcesOf,
  statementsOf,
  synthesise,
  textOf,
} from './support/templates.ts';

const { state, app } = synthesise(awsStage());
const deletable = synthesise(awsStage({ dataOnDelete: 'destroy' }));
const local = synthesise(localStage());

const keptTypes = [
  'AWS::DynamoDB::Table',
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
  'AWS::Cognito::UserPool',
] as const;

test.each(keptTypes)('%s outlives its stack where the stage says so', (type) => {
  expect(resourcesOf(state, type).map(({ DeletionPolicy }) => DeletionPolicy)).not.toContain('Delete');
  expect(resourcesOf(deletable.state, type).map(({ DeletionPolicy }) => DeletionPolicy)).not.toContain(
    'Retain',
  );
});

test('what holds data is in the stack that is kept', () => {
  for (const type of keptTypes) expect(resourcesOf(app, type)).toEqual([]);
});

test('the core table is an encrypted outbox that can be put back to any second', () => {
  expect(resourceOf(state, 'AWS::DynamoDB::Table', 'CoreTable').Properties).toMatchObject({
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    DeletionProtectionEnabled: true,
    GlobalSecondaryIndexes: [
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'due', KeyType: 'HASH' },
          { AttributeName: 'dueAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
});

test('the traffic table is encrypted, forgets, and has no stream', () => {
  const traffic = resourceOf(state, 'AWS::DynamoDB::Table', 'TrafficTable').Properties;
  expect(traffic).toMatchObject({
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  });
  expect(traffic).not.toHaveProperty('StreamSpecification');
});

const bucketPolicySchema = z.object({
  PolicyDocument: z.object({
    Statement: z.array(z.object({ Effect: z.string(), Condition: z.unknown().optional() })),
  }),
});

test.each(['RunsBucket', 'ResourcesBucket'])('%s is private, encrypted and only reached over TLS', (id) => {
  const { Properties } = resourceOf(state, 'AWS::S3::Bucket', id);
  expect(Properties['PublicAccessBlockConfiguration']).toEqual({
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  expect(Properties).toHaveProperty('BucketEncryption');
  const policy = bucketPolicySchema.parse(resourceOf(state, 'AWS::S3::BucketPolicy', id).Properties);
  expect(policy.PolicyDocument.Statement).toContainEqual({
    Effect: 'Deny',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  });
});

test('an upload never completed goes after a day, what was deleted a week after its deletion (S90)', () => {
  const { Properties } = resourceOf(state, 'AWS::S3::Bucket', 'ResourcesBucket');
  expect(Properties).toMatchObject({
    VersioningConfiguration: { Status: 'Enabled' },
    LifecycleConfiguration: {
      Rules: [
        {
          Prefix: 'files/',
          TagFilters: [{ Key: 'state', Value: 'uploading' }],
          ExpirationInDays: 1,
          NoncurrentVersionExpiration: { NoncurrentDays: 1 },
          Status: 'Enabled',
        },
        {
          NoncurrentVersionExpiration: { NoncurrentDays: 7 },
          ExpiredObjectDeleteMarker: true,
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          Status: 'Enabled',
        },
      ],
    },
  });
});

const withoutOrigins = synthesise(awsStage({ corsOrigins: [] })).state;

test.each([
  ['of the origins that the stage names', state, ['https://console.example']],
  ['of any origin on one machine', local.state, ['*']],
])('files are uploaded by pages %s (S90)', (_which, template, AllowedOrigins) => {
  const rule = {
    AllowedMethods: ['PUT', 'GET'],
    AllowedOrigins,
    AllowedHeaders: ['content-type', 'if-none-match', 'x-amz-checksum-sha256', 'x-amz-tagging'],
  };
  const bucket = resourceOf(template, 'AWS::S3::Bucket', 'ResourcesBucket');
  expect(bucket.Properties).toMatchObject({ CorsConfiguration: { CorsRules: [rule] } });
  expect(resourceOf(withoutOrigins, 'AWS::S3::Bucket', 'ResourcesBucket').Properties).not.toHaveProperty(
    'CorsConfiguration',
  );
});

test('the key of the secrets is rotated', () => {
  expect(resourceOf(state, 'AWS::KMS::Key').Properties).toMatchObject({ EnableKeyRotation: true });
});

test('people are invited, sign in by email and have strong passwords', () => {
  expect(resourceOf(state, 'AWS::Cognito::UserPool').Properties).toMatchObject({
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    UsernameAttributes: ['email'],
    MfaConfiguration: 'OPTIONAL',
    EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
    Policies: {
      PasswordPolicy: {
        MinimumLength: 12,
        RequireLowercase: true,
        RequireUppercase: true,
        RequireNumbers: true,
        RequireSymbols: true,
      },
    },
  });
});

test.each([
  ['an hour on AWS', state, 60, []],
  ['a day on one machine', local.state, 24 * 60, ['ALLOW_USER_PASSWORD_AUTH']],
])('an access token is good for %s', (_where, template, minutes, more) => {
  const client = resourceOf(template, 'AWS::Cognito::UserPoolClient').Properties;
  expect(client).toMatchObject({
    AccessTokenValidity: minutes,
    TokenValidityUnits: { AccessToken: 'minutes' },
    GenerateSecret: false,
    PreventUserExistenceErrors: 'ENABLED',
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['code'],
    AllowedOAuthScopes: ['openid', 'email', 'profile'],
    CallbackURLs: ['http://localhost:5173/'],
  });
  expect(client['ExplicitAuthFlows']).toEqual([...more, 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']);
});

test('people sign in on pages of Cognito, whose address no other account can have', () => {
  const domain = resourceOf(state, 'AWS::Cognito::UserPoolDomain').Properties;
  expect(textOf(domain['Domain'])).toMatch(/^goldsmith-[a-z0-9-]+-\{AWS::AccountId\}$/);
  expect(domain).toMatchObject({ ManagedLoginVersion: 2 });
  expect(resourceOf(state, 'AWS::Cognito::ManagedLoginBranding').Properties).toMatchObject({
    UseCognitoProvidedValues: true,
  });
});

const queueSchema = z.object({
  FifoQueue: z.boolean().optional(),
  ContentBasedDeduplication: z.boolean().optional(),
  SqsManagedSseEnabled: z.literal(true),
  VisibilityTimeout: z.number().optional(),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.unknown() }).optional(),
});
const queue = (idStart: string) => queueSchema.parse(resourceOf(app, 'AWS::SQS::Queue', idStart).Properties);

test.each([
  ['events/remove-leftovers', 'QueuesLeftovers2'],
  ['events/remove-workspaces', 'QueuesRemovalsE'],
])('messages for %s stay hidden for six times its time', (name, idStart) => {
  const timeout = functionsOf(app).get(name)?.timeout ?? 0;
  expect(timeout).toBeGreaterThan(0);
  expect(queue(idStart).VisibilityTimeout).toBe(timeout * 6);
  expect(queue(idStart).RedrivePolicy).toBeDefined();
});

test('a wake-up comes again soon after its function must have ended, well before the reconciler looks', () => {
  const timeout = functionsOf(app).get('events/dispatch-runs')?.timeout ?? 0;
  expect(queue('QueuesDispatch7').VisibilityTimeout).toBe(timeout + 5);
  expect(timeout).toBeLessThanOrEqual(30);
  expect(queue('QueuesDispatch7').RedrivePolicy).toBeDefined();
});

test('wake-ups are in order and never equal by chance', () => {
  expect(queue('QueuesDispatch7')).toMatchObject({ FifoQueue: true, ContentBasedDeduplication: false });
});

const alarmOf = (metric: string) =>
  resourcesOf(app, 'AWS::CloudWatch::Alarm').find(({ Properties }) => Properties?.['MetricName'] === metric)
    ?.Properties;

test('builds that CodeBuild did not take raise an alarm of this deployment (F13)', () => {
  expect(alarmOf('BuildsRefused')).toMatchObject({
    Namespace: 'Goldsmith',
    Dimensions: [{ Name: 'Deployment' }],
    Statistic: 'Sum',
    Threshold: 1,
    TreatMissingData: 'notBreaching',
  });
});

test('records that were parked raise an alarm: nobody else would see them (F37)', () => {
  expect(alarmOf('ApproximateNumberOfMessagesVisible')).toMatchObject({
    Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [containing('QueuesPoison'), 'QueueName'] } }],
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
  });
});

test('every queue is encrypted and only reached over TLS', () => {
  const queues = resourcesOf(app, 'AWS::SQS::Queue');
  for (const { id } of queues) expect(() => queue(id)).not.toThrow();
  expect(resourcesOf(app, 'AWS::SQS::QueuePolicy')).toHaveLength(queues.length);
});

test('the stream waits for nothing, halves a bad batch and sets aside what stays bad', () => {
  const mappings = resourcesOf(app, 'AWS::Lambda::EventSourceMapping').map(({ Properties }) => Properties);
  const stream = mappings.find((mapping) => 'StartingPosition' in mapping);
  expect(stream).toMatchObject({
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 100,
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 20,
    MaximumRecordAgeInSeconds: 3600,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    DestinationConfig: {
      OnFailure: {
        Destination: { 'Fn::GetAtt': [resourceOf(app, 'AWS::SQS::Queue', 'QueuesPoison').id, 'Arn'] },
      },
    },
  });
  expect(stream).not.toHaveProperty('MaximumBatchingWindowInSeconds');
});

test('the reconciler is called every minute, once', () => {
  expect(resourceOf(app, 'AWS::Scheduler::Schedule').Properties).toMatchObject({
    ScheduleExpression: 'rate(1 minute)',
    Target: { RetryPolicy: { MaximumRetryAttempts: 0 } },
  });
  expect(resourceOf(app, 'AWS::Lambda::EventInvokeConfig').Properties).toMatchObject({
    MaximumRetryAttempts: 0,
  });
});

const project = resourceOf(app, 'AWS::CodeBuild::Project').Properties;

test('a build may write its log and read the runner, nothing else', () => {
  const roleId = textOf(project['ServiceRole']).slice(1, -'.Arn}'.length);
  const [log, runner, bucket, ...others] = statementsOf(app, roleId);
  expect(others).toEqual([]);
  expect(log?.Action).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
  expect(log?.Resource.join(' ')).toMatch(/^\{BuildProjectLogs[0-9A-F]{8}\.Arn\}$/);
  expect(runner?.Action).toEqual(['s3:GetObject', 's3:GetObjectVersion']);
  expect(runner?.Resource.join(' ')).toMatch(/:s3:::[^/ ]*assets[^/ ]*\/[0-9a-f]{64}\.zip$/);
  expect(bucket?.Action).toEqual(['s3:GetBucketAcl', 's3:GetBucketLocation']);
  expect(bucket?.Resource.join(' ')).toMatch(/:s3:::[^/ ]*assets[^/ ]*$/);
});

test('a build knows the API and no secret, is never repeated and never privileged', () => {
  expect(project).toMatchObject({
    Environment: {
      PrivilegedMode: false,
      EnvironmentVariables: [
        { Name: 'GOLDSMITH_API_URL', Type: 'PLAINTEXT' },
        { Name: 'PACKER_PLUGIN_PATH', Type: 'PLAINTEXT' },
      ],
    },
    AutoRetryLimit: 0,
    TimeoutInMinutes: 2160,
    Artifacts: { Type: 'NO_ARTIFACTS' },
  });
});

test('people and scripts are told what they need to know', () => {
  expect(outputNamesOf(app).toSorted()).toEqual([
    'ApiUrl',
    'BuildProjectName',
    'BuildProjectNames',
    'CoreTableName',
    'EventBusName',
    'Region',
    'RunsBucketName',
    'SignInUrl',
    'SocketUrl',
    'StateMachineArn',
    'TrafficTableName',
    'UserPoolClientId',
    'UserPoolId',
  ]);
});
