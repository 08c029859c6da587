import { loginSecrets } from '../communicator.ts';
import { loginOf } from '../login.ts';
import { definePlatform } from '../platform.ts';
import { readArtifact, readOutput } from './output.ts';
import { qemuSource } from './source.ts';

/** QEMU: disk images by Packer's `qemu`, on the machine that runs Packer. */
export const qemu = definePlatform({
  id: 'qemu',
  source: qemuSource,
  secrets: (snapshot) => loginSecrets(snapshot, loginOf(snapshot)),
  credentials: () => 'none',
  buildSite: (snapshot) => ({ user: loginOf(snapshot).username }),
  plugins: { qemu: { source: 'github.com/hashicorp/qemu', version: '= 1.1.4' } },
  readOutput,
  readArtifact,
});
