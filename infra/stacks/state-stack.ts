import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AccountRecovery, Mfa, UserPool, type UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Stage } from '../config/stage.ts';

/** Everything that must outlive a deployment: tables, bucket, key and user pool. */
export class StateStack extends Stack {
  /** The truth: entities, runs, queue. */
  readonly coreTable: Table;
  /** What passes by: log chunks, connections, tickets. Everything in it expires. */
  readonly trafficTable: Table;
  /** Snapshots of runs and the jobs made from them. */
  readonly runsBucket: Bucket;
  /** Seals the secrets in the core table. */
  readonly secretsKey: Key;
  readonly userPool: UserPool;
  readonly userPoolClient: UserPoolClient;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, {
      description: `Goldsmith ${stage.name}: data`,
      terminationProtection: stage.dataOnDelete === 'retain',
    });
    const kept = stage.dataOnDelete === 'retain';
    const removalPolicy = kept ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.coreTable = coreTable(this, { removalPolicy, deletionProtection: kept });
    this.trafficTable = trafficTable(this, { removalPolicy, deletionProtection: kept });
    this.runsBucket = runsBucket(this, removalPolicy);
    this.secretsKey = new Key(this, 'SecretsKey', {
      description: `Goldsmith ${stage.name}: seals the secrets of workspaces`,
      enableKeyRotation: true,
      removalPolicy,
    });
    this.userPool = userPool(this, removalPolicy);
    this.userPoolClient = this.userPool.addClient('Client', {
      authFlows: { userPassword: true, userSrp: true },
      disableOAuth: true,
      generateSecret: false,
      preventUserExistenceErrors: true,
      // A day on one machine, where nobody signs in again; else as short as is bearable (Cognito's default).
      accessTokenValidity: stage.local === undefined ? Duration.hours(1) : Duration.days(1),
    });
  }
}

const bothTables = {
  partitionKey: { name: 'pk', type: AttributeType.STRING },
  sortKey: { name: 'sk', type: AttributeType.STRING },
  timeToLiveAttribute: 'expiresAt',
  // Load comes in bursts, and a quiet deployment costs nothing.
  billingMode: BillingMode.PAY_PER_REQUEST,
  // A key in the account whose use CloudTrail shows; what is secret is sealed with our own key before it is stored.
  encryption: TableEncryption.AWS_MANAGED,
} satisfies Partial<TableProps>;

type Protection = Required<Pick<TableProps, 'removalPolicy' | 'deletionProtection'>>;

function coreTable(scope: Construct, protection: Protection): Table {
  const table = new Table(scope, 'CoreTable', {
    ...bothTables,
    ...protection,
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  });
  // Sparse: only runs that somebody must look at carry `due`.
  table.addGlobalSecondaryIndex({
    indexName: 'due',
    partitionKey: { name: 'due', type: AttributeType.STRING },
    sortKey: { name: 'dueAt', type: AttributeType.STRING },
    projectionType: ProjectionType.KEYS_ONLY,
  });
  return table;
}

function trafficTable(scope: Construct, protection: Protection): Table {
  const table = new Table(scope, 'TrafficTable', { ...bothTables, ...protection });
  Validations.of(table).acknowledge({
    id: 'AwsSolutions-DDB3',
    reason: 'Everything in it expires by itself, and a restored connection or ticket would be of no use.',
  });
  return table;
}

/**
 * Without versions: an object is named by its content or by its run and never changes, and what is deleted with its
 * run must be gone.
 */
function runsBucket(scope: Construct, removalPolicy: RemovalPolicy): Bucket {
  const bucket = new Bucket(scope, 'RunsBucket', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Only functions of Goldsmith and links signed by them reach it; CloudTrail data events are the audit where one is needed.',
  });
  return bucket;
}

function userPool(scope: Construct, removalPolicy: RemovalPolicy): UserPool {
  const pool = new UserPool(scope, 'UserPool', {
    selfSignUpEnabled: false,
    signInAliases: { email: true },
    signInCaseSensitive: false,
    mfa: Mfa.OPTIONAL,
    mfaSecondFactor: { otp: true, sms: false },
    accountRecovery: AccountRecovery.EMAIL_ONLY,
    passwordPolicy: {
      minLength: 12,
      requireDigits: true,
      requireLowercase: true,
      requireUppercase: true,
      requireSymbols: true,
    },
    removalPolicy,
  });
  Validations.of(pool).acknowledge(
    {
      id: 'AwsSolutions-COG2',
      reason:
        'A second factor is the choice of each user: machines sign in with API tokens, people by invitation.',
    },
    ...['AwsSolutions-COG3', 'AwsSolutions-COG8'].map((id) => ({
      id,
      reason: 'Threat protection needs the paid Plus plan of Cognito, which is for the deployer to choose.',
    })),
  );
  return pool;
}
