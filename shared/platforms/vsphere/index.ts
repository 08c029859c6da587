import { loginSecrets } from '../communicator.ts';
import { loginOf } from '../login.ts';
import { SERVER_PASSWORD, serverSecret } from '../management-server.ts';
import { definePlatform, type PlatformSecret } from '../platform.ts';
import type { VsphereSnapshot } from './names.ts';
import { readArtifact, readOutput } from './output.ts';
import { vsphereSource } from './source.ts';

const secrets = (snapshot: VsphereSnapshot): PlatformSecret[] => {
  const { auth } = snapshot.connection.settings;
  // A template that needs a token cannot be made at all.
  if (auth.type === 'token') return [];
  return [
    serverSecret(snapshot, SERVER_PASSWORD, auth.password),
    ...loginSecrets(snapshot, loginOf(snapshot)),
  ];
};

/** VMware vSphere: templates by Packer's `vsphere-iso` and `vsphere-clone`. Only a connector reaches it. */
export const vsphere = definePlatform({
  id: 'vsphere',
  source: vsphereSource,
  secrets,
  credentials: () => 'none',
  buildSite: (snapshot) => ({ user: loginOf(snapshot).username }),
  // VMware's since 2.1, which brought datastore clusters; tags came after it.
  plugins: { vsphere: { source: 'github.com/vmware/vsphere', version: '= 2.3.0' } },
  readOutput,
  readArtifact,
});
