import { definePlatform } from '../platform.ts';
import { regionOf } from './base-image.ts';
import { gcpGeneralise } from './generalise.ts';
import { readArtifact, readOutput } from './output.ts';
import { gcpLogin, gcpSecrets, googlecomputeSource } from './source.ts';

/** Google Cloud: images of Compute Engine by Packer's `googlecompute`. */
export const gcp = definePlatform({
  id: 'gcp',
  source: googlecomputeSource,
  secrets: gcpSecrets,
  credentials: ({ connection }) =>
    connection.settings.auth.type === 'workload-identity' ? 'identity' : 'none',
  buildSite: (snapshot) => ({ user: gcpLogin(snapshot).username, region: regionOf(snapshot) }),
  plugins: { googlecompute: { source: 'github.com/hashicorp/googlecompute', version: '= 1.2.7' } },
  readOutput,
  readArtifact,
  generalise: gcpGeneralise,
  client: () => import('./client.ts'),
});
