import { loginSecrets } from '../communicator.ts';
import { loginOf } from '../login.ts';
import { definePlatform } from '../platform.ts';
import { connectionSecret } from './connection.ts';
import { readArtifact, readOutput } from './output.ts';
import { nutanixSource } from './source.ts';

/** Nutanix AHV: images of the image library by Packer's `nutanix`. Only a connector reaches it. */
export const nutanix = definePlatform({
  id: 'nutanix',
  source: nutanixSource,
  secrets: (snapshot) => [connectionSecret(snapshot), ...loginSecrets(snapshot, loginOf(snapshot))],
  credentials: () => 'none',
  buildSite: (snapshot) => ({ user: loginOf(snapshot).username }),
  plugins: { nutanix: { source: 'github.com/nutanix-cloud-native/nutanix', version: '= 1.3.0' } },
  readOutput,
  readArtifact,
});
