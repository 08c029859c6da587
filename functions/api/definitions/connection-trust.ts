import { connectionStored, type ConnectionStored } from '../../../shared/contracts/entities/connection.ts';
import type { ConnectionTrust } from '../../../shared/contracts/entities/trust.ts';
import { identityAudience } from '../../../shared/domain/connection/identity-audience.ts';
import { buildPermissions, trustPolicy, type TrustSettings } from '../../../shared/platforms/aws/trust.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { demandEntity } from '../../../shared/runtime/entities/change.ts';
import type { EntityContext } from '../../../shared/runtime/entities/module.ts';

/** What to set up at the provider so that builds of a connection are let in. */
export const readConnectionTrust = async (
  context: EntityContext,
  settings: Trust,
  id: string,
): Promise<Answer> => {
  const row = await demandEntity({ kind: 'connection' }, context, id);
  return { body: trustOf(connectionStored.parse(row), settings) };
};

/** What connections can be told to trust: the account's roles in AWS, the deployment's identity elsewhere. */
export type Trust = TrustSettings & { issuer: string; subject: string };

const NO_IDENTITY =
  'This deployment has no identity elsewhere: its operator must set identityIssuer before builds of this connection can run.';
const AZURE =
  'Give the application a federated credential with this issuer, subject and audience, and the rights that docs/azure.md lists.';
const GCP =
  'Let the provider (OpenID Connect) trust this issuer and audience with google.subject=assertion.aud, and let the service account be used by the subject that is this audience, not by the subject of the tokens, which every workspace has: docs/gcp.md.';

const shownAs = ({ issuer, subject }: Trust, connectionId: string) => ({
  ...(issuer === '' ? {} : { issuer, subject }),
  audience: identityAudience(connectionId),
});
const none = (note: string): ConnectionTrust => ({ kind: 'none', note });

type Of<P extends ConnectionStored['platform']> = Extract<ConnectionStored, { platform: P }>;

const trustOf = (connection: ConnectionStored, settings: Trust): ConnectionTrust => {
  if (connection.platform === 'aws') return awsTrust(connection, settings);
  if (connection.platform === 'azure') return azureTrust(connection, settings);
  if (connection.platform === 'gcp') return gcpTrust(connection, settings);
  return 'auth' in connection.settings
    ? none(`The ${connection.settings.auth.type} of the connection lets builds in.`)
    : none("Builds run on the agent's own machine.");
};

const azureTrust = ({ id, settings: { auth } }: Of<'azure'>, trust: Trust): ConnectionTrust => {
  if (auth.type === 'client-secret') return none('The client secret lets builds in.');
  const { tenantId, clientId } = auth;
  const note = trust.issuer === '' ? NO_IDENTITY : AZURE;
  return { kind: 'azure-workload-identity', tenantId, clientId, ...shownAs(trust, id), note };
};

const gcpTrust = ({ id, settings: { auth } }: Of<'gcp'>, trust: Trust): ConnectionTrust => {
  if (auth.type === 'service-account-key') return none('The key of the service account lets builds in.');
  const { provider, serviceAccountEmail } = auth;
  const note = trust.issuer === '' ? NO_IDENTITY : GCP;
  return { kind: 'gcp-workload-identity', provider, serviceAccountEmail, ...shownAs(trust, id), note };
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
