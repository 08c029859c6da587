import { loginSecrets } from '../communicator.ts';
import { loginOf } from '../login.ts';
import { SERVER_PASSWORD, SERVER_TOKEN, serverSecret } from '../management-server.ts';
import { definePlatform, type PlatformSecret } from '../platform.ts';
import type { ProxmoxSnapshot } from './names.ts';
import { readArtifact, readOutput } from './output.ts';
import { proxmoxSource } from './source.ts';

const secrets = (snapshot: ProxmoxSnapshot): PlatformSecret[] => {
  const { auth } = snapshot.connection.settings;
  return [
    auth.type === 'token'
      ? serverSecret(snapshot, SERVER_TOKEN, auth.token)
      : serverSecret(snapshot, SERVER_PASSWORD, auth.password),
    ...loginSecrets(snapshot, loginOf(snapshot)),
  ];
};

/** Proxmox VE: templates by Packer's `proxmox-iso` and `proxmox-clone`. Only a connector reaches it. */
export const proxmox = definePlatform({
  id: 'proxmox',
  source: proxmoxSource,
  secrets,
  credentials: () => 'none',
  buildSite: (snapshot) => ({ user: loginOf(snapshot).username }),
  plugins: { proxmox: { source: 'github.com/hashicorp/proxmox', version: '= 1.2.4' } },
  readOutput,
  readArtifact,
});
