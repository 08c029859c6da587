import { loginOf } from '../login.ts';
import { definePlatform } from '../platform.ts';
import { copyRegionsOf, regionOf } from './base-image.ts';
import { awsGeneralise } from './generalise.ts';
import { readArtifact, readOutput } from './output.ts';
import { amazonEbsSource } from './source.ts';

/** Amazon Web Services: AMIs by Packer's `amazon-ebs`. */
export const aws = definePlatform({
  id: 'aws',
  source: amazonEbsSource,
  regions: (snapshot) => [regionOf(snapshot), ...copyRegionsOf(snapshot)],
  secrets: () => [],
  credentials: () => 'aws',
  buildSite: (snapshot) => ({ user: loginOf(snapshot).username, region: regionOf(snapshot) }),
  plugins: { amazon: { source: 'github.com/hashicorp/amazon', version: '= 1.8.1' } },
  readOutput,
  readArtifact,
  generalise: awsGeneralise,
  client: () => import('./client.ts'),
});
