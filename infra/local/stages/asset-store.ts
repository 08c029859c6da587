/** The part of the CDK's bootstrap that a deployment to the emulator uses. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { EMULATOR_ACCOUNT, EMULATOR_CREDENTIALS, REGION } from '../stack/settings.ts';

/** What the CDK calls a bootstrapped account unless told otherwise. */
const QUALIFIER = 'hnb659fds';

/** Version of the bootstrap stack that this stands for; the CDK refuses to deploy to one that is too old (6). */
const BOOTSTRAP_VERSION = '32';

/**
 * Makes the bucket for assets and the parameter with the version. `cdk bootstrap` makes roles too, which the emulator
 * lets anyone assume without them, and takes 8 s. Can be repeated.
 * @throws Error when the emulator refuses
 */
export async function ensureAssetStore(endpoint: string): Promise<void> {
  const s3 = new S3Client({
    endpoint,
    region: REGION,
    credentials: EMULATOR_CREDENTIALS,
    forcePathStyle: true,
  });
  const Bucket = `cdk-${QUALIFIER}-assets-${EMULATOR_ACCOUNT}-${REGION}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  s3.destroy();
  await putVersion(endpoint);
}

/** One call of Systems Manager, for which the project needs no client otherwise. The emulator checks no signature. */
async function putVersion(endpoint: string): Promise<void> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonSSM.PutParameter',
      authorization: `AWS4-HMAC-SHA256 Credential=${EMULATOR_CREDENTIALS.accessKeyId}/20260101/${REGION}/ssm/aws4_request`,
    },
    body: JSON.stringify({
      Name: `/cdk-bootstrap/${QUALIFIER}/version`,
      Value: BOOTSTRAP_VERSION,
      Type: 'String',
      Overwrite: true,
    }),
  });
  if (!answer.ok) throw new Error(`The emulator took no parameter: ${await answer.text()}`);
}
