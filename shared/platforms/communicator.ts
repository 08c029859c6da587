import type { TemplateObject } from './expression.ts';
import type { Login } from './login.ts';
import { variable } from './expression.ts';
import type { PlatformSecret } from './platform.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { SecretStored } from '../contracts/secret.ts';

/** First boots of large machines are slow; Packer's own five minutes are not enough for all of them. */
const SSH_TIMEOUT = '10m';
/** Port of WinRM over TLS. */
export const WINRM_TLS_PORT = 5986;
const WINRM_PLAIN_PORT = 5985;

/** Variables of the template that carry the password of the build VM's user. */
const SSH_PASSWORD = 'ssh_password';
const WINRM_PASSWORD = 'winrm_password';

type LoginSettings = {
  sshTimeout?: string | undefined;
  sshHandshakeAttempts?: number | undefined;
  sshPassword?: SecretStored | undefined;
  winrmTimeout?: string | undefined;
  winrmUseSsl?: boolean | undefined;
  winrmInsecure?: boolean | undefined;
  winrmPassword?: SecretStored | undefined;
};

/** The passwords among a builder's settings that its login uses. */
export const loginSecrets = (snapshot: RunSnapshot, login: Pick<Login, 'communicator'>): PlatformSecret[] => {
  const settings: LoginSettings = snapshot.builderConfiguration.settings;
  const [name, secret] =
    login.communicator === 'ssh'
      ? [SSH_PASSWORD, settings.sshPassword]
      : [WINRM_PASSWORD, settings.winrmPassword];
  if (secret === undefined) return [];
  return [
    { variable: name, kind: 'builder-configuration', entityId: snapshot.builderConfiguration.id, ...secret },
  ];
};

const sshFields = (settings: LoginSettings, { username, port }: Login): TemplateObject => ({
  communicator: 'ssh',
  ssh_username: username,
  ssh_password: settings.sshPassword === undefined ? undefined : variable(SSH_PASSWORD),
  ssh_port: port,
  ssh_timeout: settings.sshTimeout ?? SSH_TIMEOUT,
  ssh_handshake_attempts: settings.sshHandshakeAttempts,
  // The key of the build must not open the machines that are made from the image; who logs in by password has none.
  ssh_clear_authorized_keys: settings.sshPassword === undefined ? true : undefined,
});

const winrmFields = (settings: LoginSettings, { username, port }: Login): TemplateObject => {
  const useSsl = settings.winrmUseSsl ?? true;
  return {
    communicator: 'winrm',
    winrm_username: username,
    winrm_password: settings.winrmPassword === undefined ? undefined : variable(WINRM_PASSWORD),
    winrm_port: port ?? (useSsl ? WINRM_TLS_PORT : WINRM_PLAIN_PORT),
    winrm_timeout: settings.winrmTimeout,
    winrm_use_ssl: useSsl,
    // The build VM makes its certificate itself: nobody could check it.
    winrm_insecure: useSsl ? (settings.winrmInsecure ?? true) : undefined,
    // Basic authentication need not be allowed in the image.
    winrm_use_ntlm: true,
  };
};

/** What every builder is told of the way to log in. */
export const communicatorFields = (snapshot: RunSnapshot, login: Login): TemplateObject => {
  const { settings } = snapshot.builderConfiguration;
  return login.communicator === 'ssh' ? sshFields(settings, login) : winrmFields(settings, login);
};
