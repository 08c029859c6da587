import type { SQSEvent } from 'aws-lambda';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { workflowInputSchema } from '../../../shared/contracts/workflow.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { identityTokens } from '../../../shared/runtime/identity-tokens.ts';
import { newId, now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { runFiles } from '../../../shared/store/run-files.ts';
import { secretBox } from '../../../shared/store/secret-box.ts';
import { openTable } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { removeLeftovers } from './remove-leftovers.ts';

const environment = loadEnvironment(functionEnvironments['events/remove-leftovers']);
const engine = {
  core: openTable(environment.CORE_TABLE),
  files: runFiles(environment.RUNS_BUCKET),
  secrets: secretBox(environment.SECRETS_KEY_ARN),
  deploymentId: environment.DEPLOYMENT_ID,
  identityToken: identityTokens(environment.IDENTITY_ROLE_ARN),
  now,
  newId,
};

/** Deletes leftovers in the customer's account: those that somebody asked to delete, and all of a failed run. */
export const handler = backgroundHandler(async (event: SQSEvent): Promise<void> => {
  for (const record of event.Records) {
    const { workspaceId, runId } = workflowInputSchema.parse(JSON.parse(record.body));
    await removeLeftovers(engine, scopeTo(workspaceId), runId);
  }
});
