import { reachPlatforms } from '../../../shared/actions/reach-platforms.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { apiHandler } from '../../../shared/runtime/api/api-handler.ts';
import { authenticator } from '../../../shared/runtime/api/authenticate.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { identityTokens } from '../../../shared/runtime/identity-tokens.ts';
import { now } from '../../../shared/runtime/ids.ts';
import { resourceFiles } from '../../../shared/store/resource-files.ts';
import { runFiles } from '../../../shared/store/run-files.ts';
import { secretBox } from '../../../shared/store/secret-box.ts';
import { openTable } from '../../../shared/store/table.ts';
import { platformOperations } from './operations.ts';

/** For all that a list of checks asks: well below the function's own 25 s, so that the caller gets our answer. */
const LIMIT_MS = 18_000;
/** For one change at a platform: tries that lost to others may have taken 8 s before it, taking it back 4 s after it. */
const SHARE_LIMIT_MS = 10_000;
/** For looks at the newest image: whoever only reads waits no longer. */
const LOOK_LIMIT_MS = 5000;

const environment = loadEnvironment(functionEnvironments['api/platforms']);
const core = openTable(environment.CORE_TABLE);
const secrets = secretBox(environment.SECRETS_KEY_ARN);
const identityToken = identityTokens(environment.IDENTITY_ROLE_ARN);

const operations = platformOperations({
  core,
  files: runFiles(environment.RUNS_BUCKET),
  resources: resourceFiles(environment.RESOURCES_BUCKET),
  secrets,
  reach: reachPlatforms({ secrets, identityToken }),
  deploymentId: environment.DEPLOYMENT_ID,
  target: {
    generation: environment.PACKER_GENERATION,
    ec2Endpoint: process.env['AWS_ENDPOINT_URL_EC2'],
  },
  now,
  limitMs: LIMIT_MS,
  shareLimitMs: SHARE_LIMIT_MS,
  lookLimitMs: LOOK_LIMIT_MS,
});

export const handler = apiHandler(operations, {
  table: core,
  authenticate: authenticator(environment, core),
});
