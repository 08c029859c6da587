import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { UserPool, UserPoolClient } from 'aws-cdk-lib/aws-cognito';
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
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type CorsRule,
  HttpMethods,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Stage } from '../config/stage.ts';
import { signIn } from '../constructs/sign-in.ts';

/** Everything that must outlive a deployment: tables, buckets, key and user pool. */
export class StateStack extends Stack {
  /** The truth: entities, runs, queue. */
  readonly coreTable: Table;
  /** What passes by: log chunks, connections, tickets. Everything in it expires. */
  readonly trafficTable: Table;
  /** Snapshots of runs and the jobs made from them. */
  readonly runsBucket: Bucket;
  /** Files that people uploaded. */
  readonly resourcesBucket: Bucket;
  /** Seals the secrets in the core table. */
  readonly secretsKey: Key;
  readonly userPool: UserPool;
  readonly userPoolClient: UserPoolClient;
  /** Cognito's pages to sign in with. */
  readonly signInUrl: string;

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
    this.resourcesBucket = resourcesBucket(this, stage, removalPolicy);
    this.secretsKey = new Key(this, 'SecretsKey', {
      description: `Goldsmith ${stage.name}: seals the secrets of workspaces`,
      enableKeyRotation: true,
      removalPolicy,
    });
    const people = signIn(this, stage, removalPolicy);
    this.userPool = people.userPool;
    this.userPoolClient = people.userPoolClient;
    this.signInUrl = people.signInUrl;
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
  // Sparse: only runs and removals that somebody must look at carry `due`.
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

const bothBuckets = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
} satisfies BucketProps;

/**
 * Without versions: an object is named by its content or by its run and never changes, and what is deleted with its
 * run must be gone.
 */
function runsBucket(scope: Construct, removalPolicy: RemovalPolicy): Bucket {
  const bucket = new Bucket(scope, 'RunsBucket', {
    ...bothBuckets,
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy,
  });
  acknowledgeNoAccessLog(bucket);
  return bucket;
}

/** How long bytes stay that were deleted: a run that uses them has begun before and lasts a day at most. */
const REMOVED_DAYS = 7;

/**
 * With versions, so that the days of a deleted file count from its deletion; those of an expiry would count from its
 * upload. An upload carries its tag until it is complete (shared/store/resource-files.ts).
 */
function resourcesBucket(scope: Construct, stage: Stage, removalPolicy: RemovalPolicy): Bucket {
  const day = Duration.days(1);
  const bucket = new Bucket(scope, 'ResourcesBucket', {
    ...bothBuckets,
    versioned: true,
    cors: uploadCors(stage),
    lifecycleRules: [
      {
        id: 'never-completed',
        prefix: 'files/',
        tagFilters: { state: 'uploading' },
        expiration: day,
        noncurrentVersionExpiration: day,
      },
      {
        id: 'removed',
        noncurrentVersionExpiration: Duration.days(REMOVED_DAYS),
        expiredObjectDeleteMarker: true,
        abortIncompleteMultipartUploadAfter: day,
      },
    ],
    removalPolicy,
  });
  acknowledgeNoAccessLog(bucket);
  return bucket;
}

/** For pages of the origins that may call the API, on one machine of any: they send files and fetch them by signed links. */
function uploadCors({ corsOrigins, local }: Stage): CorsRule[] {
  const allowedOrigins = local === undefined ? corsOrigins : ['*'];
  if (allowedOrigins.length === 0) return [];
  return [
    {
      allowedOrigins,
      allowedMethods: [HttpMethods.PUT, HttpMethods.GET],
      allowedHeaders: ['content-type', 'if-none-match', 'x-amz-checksum-sha256', 'x-amz-tagging'],
      exposedHeaders: ['content-disposition'],
      maxAge: Duration.hours(2).toSeconds(),
    },
  ];
}

function acknowledgeNoAccessLog(bucket: Bucket): void {
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Only functions of Goldsmith and links signed by them reach it; CloudTrail data events are the audit where one is needed.',
  });
}
