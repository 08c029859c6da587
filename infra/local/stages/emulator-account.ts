/** What a deployment to the emulator needs before it and beside it. */

import {
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { EMULATOR_ACCOUNT, EMULATOR_CREDENTIALS, REGION } from '../stack/settings.ts';

/** What the CDK calls a bootstrapped account unless told otherwise. */
const QUALIFIER = 'hnb659fds';

/** Version of the bootstrap stack that this stands for; the CDK refuses to deploy to one that is too old (6). */
const BOOTSTRAP_VERSION = '32';

/** The attribute by which rows of both tables expire (infra/stacks/state-stack.ts). */
const EXPIRY_ATTRIBUTE = 'expiresAt';

/** As infra/constructs/public-api.ts has it, for pages of any origin: the token is a header and no cookie. */
const CORS = {
  allowOrigins: ['*'],
  allowMethods: ['*'],
  allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match'],
  exposeHeaders: ['etag', 'goldsmith-incomplete', 'link', 'location', 'retry-after'],
  maxAge: 7200,
};

/**
 * Makes the bucket for assets and the parameter with the version. `cdk bootstrap` makes roles too, which the emulator
 * lets anyone assume without them, and takes 8 s. Can be repeated.
 * @throws Error when the emulator refuses
 */
export async function prepareAccount(endpoint: string): Promise<void> {
  const s3 = new S3Client({ ...clientSettings(endpoint), forcePathStyle: true });
  const Bucket = `cdk-${QUALIFIER}-assets-${EMULATOR_ACCOUNT}-${REGION}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  s3.destroy();
  const Name = `/cdk-bootstrap/${QUALIFIER}/version`;
  const parameter = { Name, Value: BOOTSTRAP_VERSION, Type: 'String', Overwrite: true };
  await call(endpoint, 'ssm', {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.PutParameter' },
    body: JSON.stringify(parameter),
  });
}

/**
 * Sets what the emulator's CloudFormation drops: the expiry of rows, and CORS of the API. Can be repeated.
 * @throws Error when the emulator refuses
 */
export async function completeDeployment(endpoint: string, apiUrl: string): Promise<void> {
  const apiId = new URL(apiUrl).pathname.split('/').at(-1) ?? '';
  await call(`${endpoint}/v2/apis/${apiId}`, 'apigateway', {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ corsConfiguration: CORS }),
  });
  const client = new DynamoDBClient(clientSettings(endpoint));
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  for (const TableName of TableNames) await letRowsExpire(client, TableName);
  client.destroy();
}

/** As on AWS, what is enabled already is refused. */
async function letRowsExpire(client: DynamoDBClient, TableName: string): Promise<void> {
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') return;
  const TimeToLiveSpecification = { Enabled: true, AttributeName: EXPIRY_ATTRIBUTE };
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
}

function clientSettings(endpoint: string) {
  return { endpoint, region: REGION, credentials: EMULATOR_CREDENTIALS };
}

/**
 * One call of a service for which the project needs no client otherwise. The emulator checks no signature, but reads
 * in it which service is meant.
 */
async function call(
  url: string,
  service: string,
  request: { method: string; headers: Record<string, string>; body: string },
): Promise<void> {
  const scope = `${EMULATOR_CREDENTIALS.accessKeyId}/20260101/${REGION}/${service}/aws4_request`;
  const headers = { ...request.headers, authorization: `AWS4-HMAC-SHA256 Credential=${scope}` };
  const answer = await fetch(url, { ...request, headers });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`The emulator refused ${request.method} ${url} (${service}): ${said}`);
}
