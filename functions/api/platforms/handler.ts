import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { platformRoutes as routes } from '../../../shared/contracts/routes/platforms.ts';
import { apiHandler } from '../../../shared/runtime/api/api-handler.ts';
import { authenticator } from '../../../shared/runtime/api/authenticate.ts';
import { operation } from '../../../shared/runtime/api/operation.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { resourceFiles } from '../../../shared/store/resource-files.ts';
import { runFiles } from '../../../shared/store/run-files.ts';
import { openTable } from '../../../shared/store/table.ts';
import { readRunTemplate, readTemplate } from './read-template.ts';

const environment = loadEnvironment(functionEnvironments['api/platforms']);
const core = openTable(environment.CORE_TABLE);
const reader = {
  core,
  files: runFiles(environment.RUNS_BUCKET),
  resources: resourceFiles(environment.RESOURCES_BUCKET),
  deploymentId: environment.DEPLOYMENT_ID,
  generation: environment.PACKER_GENERATION,
  ec2Endpoint: process.env['AWS_ENDPOINT_URL_EC2'],
};

export const handler = apiHandler(
  {
    readTemplate: operation(routes.readTemplate, (call) => readTemplate(reader, call)),
    readRunTemplate: operation(routes.readRunTemplate, (call) => readRunTemplate(reader, call)),
  },
  { table: core, authenticate: authenticator(environment, core) },
);
