import type { BundleVariable, PackerGeneration } from '../../contracts/bundle.ts';
import { Expression, join, type TemplateObject, variable } from '../expression.ts';
import type { PlatformSecret } from '../platform.ts';
import type { GcpSnapshot } from './base-image.ts';

type Auth = GcpSnapshot['connection']['settings']['auth'];
type WorkloadIdentity = Extract<Auth, { type: 'workload-identity' }>;

/** Variable that carries the key file of the service account. */
const KEY_FILE = 'credentials_json';
/** Where the runner tells who this deployment is, and the word that opens it. */
const IDENTITY_URL = 'identity_url';
const IDENTITY_TOKEN = 'identity_token';

/** The key file of the service account, where the connection has one. */
export const credentialSecrets = ({ connection }: GcpSnapshot): PlatformSecret[] => {
  const { auth } = connection.settings;
  if (auth.type !== 'service-account-key') return [];
  return [{ variable: KEY_FILE, kind: 'connection', entityId: connection.id, ...auth.credentialsJson }];
};

/** Audience of Google's token exchange: the provider, by its full resource name. */
export const exchangeAudience = ({ provider }: Pick<WorkloadIdentity, 'provider'>): string =>
  `//iam.googleapis.com/${provider}`;

/** Where a federated token is exchanged for one of the service account. */
export const impersonationUrl = (email: string): string =>
  `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;

/** Kind of a token that is a JWT, and the server that exchanges it (RFC 8693; Google, "Security Token Service API"). */
export const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
export const EXCHANGE_URL = 'https://sts.googleapis.com/v1/token';

/** A text of the connection inside of an expression: it can neither end the string nor begin an expression. */
const quoted = (text: string): string =>
  JSON.stringify(text)
    .replaceAll('${', () => '$${')
    .replaceAll('%{', () => '%%{');

/**
 * Credentials of Google's libraries that ask the runner who this deployment is. The fields: golang.org/x/oauth2,
 * google/externalaccount, `credential_source` of kind URL. The runner answers `{"value": "<JWT>"}`.
 */
const externalAccount = (auth: WorkloadIdentity): Expression =>
  new Expression(
    [
      'jsonencode({',
      'type = "external_account", ',
      `audience = ${quoted(exchangeAudience(auth))}, `,
      `subject_token_type = "${JWT_TYPE}", token_url = "${EXCHANGE_URL}", `,
      `service_account_impersonation_url = ${quoted(impersonationUrl(auth.serviceAccountEmail))}, `,
      'credential_source = { ',
      `url = "\${var.${IDENTITY_URL}}", headers = { Authorization = "Bearer \${var.${IDENTITY_TOKEN}}" }, `,
      'format = { type = "json", subject_token_field_name = "value" } } })',
    ].join(''),
  );

const credentialsOf = (auth: Auth): Expression =>
  auth.type === 'service-account-key' ? variable(KEY_FILE) : externalAccount(auth);

/** Variables whose values the runner makes. */
export const runnerVariables = ({ connection }: GcpSnapshot): BundleVariable[] =>
  connection.settings.auth.type === 'service-account-key'
    ? []
    : [IDENTITY_URL, IDENTITY_TOKEN].map((name) => ({ name, from: 'runner' }));

/** How Packer gets into the project: 1.6 takes the key's text where newer plugins take any kind of credentials. */
export const credentialFields = (
  { connection }: GcpSnapshot,
  generation: PackerGeneration,
): TemplateObject => ({
  [generation === '1.6' ? 'account_file' : 'credentials_json']: credentialsOf(connection.settings.auth),
});

/** Lines before and behind the credentials, in the script by which Packer starts gcloud. */
const BEFORE_CREDENTIALS = `/bin/sh
umask 077
CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE=$(mktemp)
export CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE
echo '`;
const BEHIND_CREDENTIALS = `' | base64 -d >"$CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"`;

/**
 * The tunnel of Identity-Aware Proxy is a gcloud of its own, which Packer's plugin gives credentials only when they are
 * a file. None is written for a run, so the script that starts gcloud writes one into the run's own folder for
 * temporary files; `iap_hashbang` is where that script begins.
 */
export const tunnelFields = ({ connection }: GcpSnapshot): TemplateObject => {
  const { source } = credentialsOf(connection.settings.auth);
  const encoded = new Expression(`base64encode(${source})`);
  return { use_iap: true, iap_hashbang: join(BEFORE_CREDENTIALS, encoded, BEHIND_CREDENTIALS) };
};
