import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { apiHandler } from '../../../shared/runtime/api/api-handler.ts';
import { authenticator } from '../../../shared/runtime/api/authenticate.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { resourceFiles } from '../../../shared/store/resource-files.ts';
import { secretBox } from '../../../shared/store/secret-box.ts';
import { openTable } from '../../../shared/store/table.ts';
import { definitionOperations } from './operations.ts';

const environment = loadEnvironment(functionEnvironments['api/definitions']);
const table = openTable(environment.CORE_TABLE);

export const handler = apiHandler(
  definitionOperations({
    table,
    secrets: secretBox(environment.SECRETS_KEY_ARN),
    files: resourceFiles(environment.RESOURCES_BUCKET),
    poolIds: environment.RUNNER_POOLS.map(({ id }) => id),
    trust: {
      principalArn: environment.TRUST_PRINCIPAL_ARN,
      rolePattern: environment.TRUST_ROLE_PATTERN,
      issuer: environment.IDENTITY_ISSUER,
      subject: environment.IDENTITY_SUBJECT,
    },
  }),
  { table, authenticate: authenticator(environment, table) },
);
