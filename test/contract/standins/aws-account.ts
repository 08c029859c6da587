import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import type { AwsSnapshot } from '../../../shared/platforms/aws/base-image.ts';
import { connect, open } from '../../../shared/platforms/aws/client.ts';
import type { RunIdentity } from '../../../shared/platforms/platform.ts';
import { run, secret, snapshot, ulid, withSettings } from '../../unit/shared/packer/fixtures.ts';
import { credentials, region, sshPort, startForTest, stopForTest } from './ec2-support.ts';

/** A stand-in that the SDK's own variable points to. */
export type Account = Awaited<ReturnType<typeof startForTest>>;

/** Starts a stand-in that every client of the SDK in this process speaks to. */
export const openAccount = async (): Promise<Account> => {
  const account = await startForTest();
  process.env['AWS_ENDPOINT_URL'] = account.standin.endpoint;
  return account;
};
export const closeAccount = async ({ options, standin }: Account): Promise<void> => {
  delete process.env['AWS_ENDPOINT_URL'];
  await stopForTest(options, standin);
};

export type Keys = { accessKeyId: string; secretAccessKey: string };
type Settings = Parameters<typeof withSettings>[1];

/** A snapshot that builds in the account of the stand-in, by the access key of the account if not said. */
export const snapshotIn = (
  account: Account,
  settings: Settings = {},
  { accessKeyId }: Pick<Keys, 'accessKeyId'> = credentials,
  steps: RunSnapshot['steps'] = [],
): AwsSnapshot => {
  const from = withSettings(snapshot({ steps }), {
    region,
    instanceType: 't3.micro',
    subnetId: account.standin.networks[region]?.subnetId,
    sshInterface: 'private_ip',
    sshPort,
    ...settings,
  });
  const image = {
    type: 'aws-ami-filter' as const,
    owners: ['136693071363'],
    nameFilter: 'debian-12-amd64-*',
    access: { communicator: 'ssh' as const, username: 'admin' },
  };
  const secretAccessKey = secret('settings/auth/secretAccessKey');
  const auth = { type: 'access-key' as const, accessKeyId, secretAccessKey };
  return {
    ...from,
    operatingSystem: { ...from.operatingSystem, name: 'Debian 12', images: [image] },
    connection: { ...from.connection, settings: { region, auth } },
  };
};

/** A run of its own by its number. */
export const runOf = (number: number): RunIdentity => ({
  ...run,
  runId: `run_${ulid(`N${number}`)}`,
  number,
});

/** Clients of a run, and of its connection alone, that know the secret of an access key. */
export const clientsOf = (
  from: AwsSnapshot,
  identity: RunIdentity,
  { secretAccessKey }: Pick<Keys, 'secretAccessKey'> = credentials,
) => {
  const decrypt = () => Promise.resolve(secretAccessKey);
  return {
    client: connect({ snapshot: from, run: identity, decrypt }),
    account: open({ connection: from.connection, sessionName: 'test', decrypt }),
  };
};

/** IAM of the stand-in, as the account itself. */
export const iamOf = ({ standin }: Account) =>
  new IAMClient({ endpoint: standin.endpoint, region, credentials });

/** KMS of the stand-in, as the account itself. */
export const kmsOf = ({ standin }: Account, place = region) =>
  new KMSClient({ endpoint: standin.endpoint, region: place, credentials });

const policyOf = (statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** A user who may do what the statements say, and an access key. */
export const makeUser = async (account: Account, name: string, statements: object[]): Promise<Keys> => {
  const iam = iamOf(account);
  await iam.send(new CreateUserCommand({ UserName: name }));
  const PolicyDocument = policyOf(statements);
  await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'own', PolicyDocument }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
};

/** A role with a trust policy, which may do what the statements say; its ARN. */
export const makeRole = async (
  account: Account,
  name: string,
  trust: object,
  statements: object[],
): Promise<string> => {
  const iam = iamOf(account);
  const AssumeRolePolicyDocument = JSON.stringify(trust);
  const { Role: role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  const PolicyDocument = policyOf(statements);
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'own', PolicyDocument }));
  return role?.Arn ?? '';
};

/** Runs something while the stand-in looks at signatures and policies. */
export const whileEnforced = async <T>({ standin }: Account, work: () => Promise<T>): Promise<T> => {
  const reset = (body: string) =>
    fetch(`${standin.endpoint}/moto-api/reset-auth`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain' },
    });
  await reset('0');
  try {
    return await work();
  } finally {
    await reset('inf');
  }
};

/** Runs something as whoever a deployment is: the SDK finds these keys by itself. */
export const keysOf = async <T>(keys: Keys, work: () => Promise<T>): Promise<T> => {
  const before = { ...process.env };
  process.env['AWS_ACCESS_KEY_ID'] = keys.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = keys.secretAccessKey;
  try {
    return await work();
  } finally {
    process.env['AWS_ACCESS_KEY_ID'] = before['AWS_ACCESS_KEY_ID'];
    process.env['AWS_SECRET_ACCESS_KEY'] = before['AWS_SECRET_ACCESS_KEY'];
  }
};
