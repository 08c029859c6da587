import { AUTHORITIES_FOLDER } from '../contracts/bundle.ts';
import type { Locator } from '../contracts/entities/image-version.ts';
import type { SecretStored } from '../contracts/secret.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import { setting } from './checks.ts';
import { loginSecrets } from './communicator.ts';
import { PlatformError } from './errors.ts';
import type { Login } from './login.ts';
import type { PlatformSecret, Source } from './platform.ts';

/** Variable of the template that carries the password of the management server's user. */
export const SERVER_PASSWORD = 'password';
/** Variable of the template that carries the secret of an API token. */
export const SERVER_TOKEN = 'token';

/** A secret of the run's connection as a variable of the template. */
export const serverSecret = (
  { connection }: Pick<RunSnapshot, 'connection'>,
  variable: string,
  { ciphertext, field }: SecretStored,
): PlatformSecret => ({ variable, kind: 'connection', entityId: connection.id, ciphertext, field });

/**
 * The certificates that the connection trusts, as a file of the job. No builder has an argument for them: the runner
 * shows the folder to Packer, whose plugins trust what lies in it beside the machine's own authorities.
 */
export const authorityFiles = (settings: { caCertificatePem?: string | undefined }): Source['files'] =>
  settings.caCertificatePem === undefined
    ? []
    : [{ path: `${AUTHORITIES_FOLDER}/server.pem`, content: settings.caCertificatePem }];

/**
 * Refuses a build that nobody could log in to: no hypervisor tells the password of a Windows machine, and a key can only
 * be placed in a machine that is cloned (`placesKey`) and runs cloud-init. Throws PlatformError that names the setting.
 */
export const demandWayIn = (snapshot: RunSnapshot, login: Login, placesKey: boolean): void => {
  const isSsh = login.communicator === 'ssh';
  if ((isSsh && placesKey) || loginSecrets(snapshot, login).length > 0) return;
  const field = isSsh ? 'sshPassword' : 'winrmPassword';
  throw new PlatformError(
    'builder-setting-invalid',
    `Packer needs the password of ${login.username} to log in to the build VM: set ${field} in the builder configuration.`,
    { field: setting(field) },
  );
};

export type HostLocator = Extract<Locator, { host: string }>;

const isOnHost = (locator: Locator): locator is HostLocator => 'host' in locator;

/**
 * Where the image is that the run is built on, of an operating system that names another definition. Throws PlatformError
 * when that has no image on a hypervisor.
 */
export const layerLocatorOf = ({ layer, operatingSystem }: RunSnapshot): HostLocator => {
  const all = layer?.locators.filter(isOnHost) ?? [];
  const found = all.find(({ role }) => role === 'primary') ?? all[0];
  if (found !== undefined) return found;
  throw new PlatformError(
    'base-image-not-found',
    `The image that "${operatingSystem.name}" names has no version on this platform.`,
  );
};
