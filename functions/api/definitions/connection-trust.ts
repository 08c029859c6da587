import { connectionStored, type ConnectionStored } from '../../../shared/contracts/entities/connection.ts';
import type { ConnectionTrust } from '../../../shared/contracts/entities/trust.ts';
import { buildPermissions, trustPolicy, type TrustSettings } from '../../../shared/platforms/aws/trust.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { demandEntity } from '../../../shared/runtime/entities/change.ts';
import type { EntityContext } from '../../../shared/runtime/entities/module.ts';

/** What to set up at the provider so that builds of a connection are let in. */
export const readConnectionTrust = async (
  context: EntityContext,
  settings: TrustSettings,
  id: string,
): Promise<Answer> => {
  const row = await demandEntity({ kind: 'connection' }, context, id);
  return { body: trustOf(connectionStored.parse(row), settings) };
};

/** How this deployment proves who it is elsewhere is not decided; until it is, such a connection cannot be used. */
const NOT_YET =
  'This deployment does not tell its issuer, subject and audience yet: builds of this connection cannot be run yet.';
const none = (note: string): ConnectionTrust => ({ kind: 'none', note });

type Of<P extends ConnectionStored['platform']> = Extract<ConnectionStored, { platform: P }>;

const trustOf = (connection: ConnectionStored, settings: TrustSettings): ConnectionTrust => {
  if (connection.platform === 'aws') return awsTrust(connection, settings);
  if (connection.platform === 'azure') return azureTrust(connection);
  if (connection.platform === 'gcp') return gcpTrust(connection);
  return 'auth' in connection.settings
    ? none(`The ${connection.settings.auth.type} of the connection lets builds in.`)
    : none("Builds run on the agent's own machine.");
};

const azureTrust = ({ settings: { auth } }: Of<'azure'>): ConnectionTrust => {
  if (auth.type === 'client-secret') return none('The client secret lets builds in.');
  const { tenantId, clientId } = auth;
  return { kind: 'azure-workload-identity', tenantId, clientId, note: NOT_YET };
};

const gcpTrust = ({ settings: { auth } }: Of<'gcp'>): ConnectionTrust => {
  if (auth.type === 'service-account-key') return none('The key of the service account lets builds in.');
  const { provider, serviceAccountEmail } = auth;
  return { kind: 'gcp-workload-identity', provider, serviceAccountEmail, note: NOT_YET };
};

const awsTrust = ({ settings: { auth }, externalId }: Of<'aws'>, trust: TrustSettings): ConnectionTrust => {
  if (auth.type === 'access-key') return none('The access key lets builds in.');
  if (externalId === undefined) throw new Error('a connection by role has no external id');
  return {
    kind: 'aws-role',
    roleArn: auth.roleArn,
    principal: trust.principalArn,
    externalId,
    policy: trustPolicy(trust, externalId),
    permissionsPolicy: buildPermissions,
  };
};
