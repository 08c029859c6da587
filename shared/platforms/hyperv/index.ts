import { loginSecrets } from '../communicator.ts';
import { loginOf } from '../login.ts';
import { definePlatform } from '../platform.ts';
import { readArtifact, readOutput } from './output.ts';
import { hypervSource } from './source.ts';

/** Microsoft Hyper-V: machines and their disks by Packer's `hyperv-iso`, on the machine that runs Packer. */
export const hyperv = definePlatform({
  id: 'hyperv',
  source: hypervSource,
  secrets: (snapshot) => loginSecrets(snapshot, loginOf(snapshot)),
  credentials: () => 'none',
  buildSite: (snapshot) => ({ user: loginOf(snapshot).username }),
  plugins: { hyperv: { source: 'github.com/hashicorp/hyperv', version: '= 1.1.4' } },
  readOutput,
  readArtifact,
});
