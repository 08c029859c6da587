import { existsSync } from 'node:fs';
import path from 'node:path';
import { AUTHORITIES_FOLDER, LOGIN_FILE_VARIABLE, NONCE_VARIABLE } from '../../shared/contracts/bundle.ts';
import { type JobFolder, loginFileOf } from './job-folder.ts';

/** What Packer and its plugins may know of the runner's own environment: paths, proxies, CAs, AWS's endpoints. */
const PASSED_ON =
  /^(?:PATH|LANG|LC_ALL|TZ|PACKER_PLUGIN_PATH|PACKER_GITHUB_API_TOKEN|https?_proxy|HTTPS?_PROXY|all_proxy|ALL_PROXY|no_proxy|NO_PROXY|SSL_CERT_FILE|SSL_CERT_DIR|AWS_CA_BUNDLE|REQUESTS_CA_BUNDLE|AWS_REGION|AWS_DEFAULT_REGION|AWS_USE_FIPS_ENDPOINT|AWS_USE_DUALSTACK_ENDPOINT|AWS_ENDPOINT_URL(?:_[A-Z0-9_]+)?)$/;

export type PackerEnvironmentInput = {
  own: NodeJS.ProcessEnv;
  folder: JobFolder;
  variables: Record<string, string>;
  nonce: string;
  credentials: Record<string, string>;
};

/**
 * The whole environment of Packer. The machine's own cloud identity is not in it, and not to be found from it
 * either: a build acts with the run's credentials or none.
 */
export const packerEnvironment = (input: PackerEnvironmentInput): Record<string, string> => {
  const passedOn = Object.entries(input.own).filter(([name]) => PASSED_ON.test(name));
  const variables = Object.entries(input.variables).map(([name, value]) => [`PKR_VAR_${name}`, value]);
  const ours = { ...fixed(input.folder), ...authorities(input) };
  const all = [...passedOn, ...variables, ...Object.entries(ours)];
  return {
    ...Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    ...input.credentials,
    [`PKR_VAR_${NONCE_VARIABLE}`]: input.nonce,
  };
};

const fixed = (folder: JobFolder): Record<string, string> => ({
  HOME: folder.home,
  TMPDIR: folder.temporary,
  PACKER_CACHE_DIR: folder.cache,
  PACKER_CONFIG_DIR: folder.config,
  PACKER_NO_COLOR: '1',
  CHECKPOINT_DISABLE: '1',
  [LOGIN_FILE_VARIABLE]: loginFileOf(folder),
  // An EC2 machine must not lend its role to a build that has no credentials.
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** Where Go's programs look for authorities when nobody names other folders (crypto/x509, root_linux.go). */
const SYSTEM_AUTHORITIES = '/etc/ssl/certs:/etc/pki/tls/certs';

/** Lets Packer and its plugins, which are Go programs, trust the job's authorities too; on Windows they do not ask. */
const authorities = ({ own, folder }: PackerEnvironmentInput): Record<string, string> => {
  const ofJob = path.join(folder.files, AUTHORITIES_FOLDER);
  if (!existsSync(ofJob)) return {};
  return { SSL_CERT_DIR: `${own['SSL_CERT_DIR'] ?? SYSTEM_AUTHORITIES}:${ofJob}` };
};
