import { loginSecrets } from '../communicator.ts';
import { definePlatform } from '../platform.ts';
import { azureGeneralise } from './generalise.ts';
import { readArtifact, readOutput } from './output.ts';
import { azureArmSource, azureLogin, credentialSecrets } from './source.ts';

/** Microsoft Azure: managed images and versions of gallery images by Packer's `azure-arm`. */
export const azure = definePlatform({
  id: 'azure',
  source: azureArmSource,
  secrets: (snapshot) => [...credentialSecrets(snapshot), ...loginSecrets(snapshot, azureLogin(snapshot))],
  credentials: ({ connection }) =>
    connection.settings.auth.type === 'workload-identity' ? 'identity' : 'none',
  buildSite: (snapshot) => {
    const { location } = snapshot.builderConfiguration.settings;
    return { user: azureLogin(snapshot).username, ...(location === undefined ? {} : { region: location }) };
  },
  plugins: { azure: { source: 'github.com/hashicorp/azure', version: '= 2.6.3' } },
  readOutput,
  readArtifact,
  generalise: azureGeneralise,
  client: () => import('./client.ts'),
});
