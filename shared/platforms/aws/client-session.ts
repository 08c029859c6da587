import { EC2Client, type Filter } from '@aws-sdk/client-ec2';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { VendedCredentials } from '../../contracts/agent-protocol.ts';
import { type AccountAccess, PlatformError } from '../platform.ts';
import { clientLimits } from './client-limits.ts';
import { translateError } from './errors.ts';

/** A role taken by a role lives an hour at most, whatever is asked for. */
const SESSION_SECONDS = 3600;
/** Clients of one connection: the SDK's own environment variables decide which endpoints they speak to. */
export type Session = {
  /** The region of the build, or the connection's own. */
  region: string;
  ec2: (region: string) => EC2Client;
  vend: () => Promise<VendedCredentials>;
  /** The same for clients of other services. */
  identity: ReturnType<typeof providerOf>;
};

/** A connection and the region to work in. */
type Access = AccountAccess<'aws'> & { region: string };

const assumeRole = async (
  { connection, sessionName, region }: Access,
  roleArn: string,
): Promise<VendedCredentials> => {
  const sts = new STSClient({ ...clientLimits, region });
  const request = new AssumeRoleCommand({
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ExternalId: connection.externalId,
    DurationSeconds: SESSION_SECONDS,
  });
  const { Credentials: credentials } = await sts.send(request).catch((error: unknown) => {
    const refused = translateError(error);
    throw refused.errorId === 'permission-denied'
      ? new PlatformError('role-not-assumable', refused.message, { cause: error })
      : refused;
  });
  if (credentials?.AccessKeyId === undefined || credentials.SecretAccessKey === undefined) {
    throw new PlatformError('role-not-assumable', `No credentials came for ${roleArn}.`);
  }
  return {
    AccessKeyId: credentials.AccessKeyId,
    SecretAccessKey: credentials.SecretAccessKey,
    Token: credentials.SessionToken,
    Expiration: credentials.Expiration?.toISOString(),
  };
};

const vendCredentials = async (access: Access): Promise<VendedCredentials> => {
  const { auth } = access.connection.settings;
  if (auth.type === 'role') return assumeRole(access, auth.roleArn);
  return { AccessKeyId: auth.accessKeyId, SecretAccessKey: await access.decrypt(auth.secretAccessKey) };
};

/** The SDK asks this again by itself when the credentials are about to expire. */
const providerOf = (vend: () => Promise<VendedCredentials>) => async () => {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = await vend();
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(Token === undefined ? {} : { sessionToken: Token }),
    ...(Expiration === undefined ? {} : { expiration: new Date(Expiration) }),
  };
};

/** Nothing is asked before the first call. */
export const openSession = (access: Access): Session => {
  const vend = () => vendCredentials(access);
  const identity = providerOf(vend);
  const clients = new Map<string, EC2Client>();
  const ec2 = (region: string): EC2Client => {
    const client = clients.get(region) ?? new EC2Client({ ...clientLimits, region, credentials: identity });
    clients.set(region, client);
    return client;
  };
  return { region: access.region, ec2, vend, identity };
};

/** The account that the credentials belong to. */
export const accountId = async ({ region, identity }: Session): Promise<string> => {
  const sts = new STSClient({ ...clientLimits, region, credentials: identity });
  const { Account: account } = await sts.send(new GetCallerIdentityCommand({}));
  if (account === undefined) throw new PlatformError('credentials-invalid', 'The account is not known.');
  return account;
};

/** A condition of a Describe call. */
export const filter = (name: string, ...values: string[]): Filter => ({ Name: name, Values: values });
