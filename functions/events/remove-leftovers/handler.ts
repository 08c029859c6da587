import type { Context, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { reachPlatforms } from '../../../shared/actions/reach-platforms.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { accountSweepSchema, workflowInputSchema } from '../../../shared/contracts/workflow.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { identityTokens } from '../../../shared/runtime/identity-tokens.ts';
import { newId, now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler, logger } from '../../../shared/runtime/logger.ts';
import { runFiles } from '../../../shared/store/run-files.ts';
import { secretBox } from '../../../shared/store/secret-box.ts';
import { openTable } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { removeLeftovers } from './remove-leftovers.ts';
import { sweepConnection } from './sweep-connection.ts';

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
const { open } = reachPlatforms(engine);

const requestSchema = z.union([workflowInputSchema, accountSweepSchema]);
type Request = z.infer<typeof requestSchema>;

/** No deletion is begun with less time than this: most are done in a minute or two. */
const ENOUGH_MS = 120_000;

/**
 * Tidies up in the customer's account: after one run, or all that carries the tags of a workspace in the account of a
 * connection.
 */
export const handler = backgroundHandler(async (event: SQSEvent, context: Context): Promise<void> => {
  const hasTime = () => context.getRemainingTimeInMillis() > ENOUGH_MS;
  for (const { body } of event.Records) await carryOut(requestSchema.parse(JSON.parse(body)), hasTime);
});

async function carryOut(request: Request, hasTime: () => boolean): Promise<void> {
  const scope = scopeTo(request.workspaceId);
  if ('runId' in request) return removeLeftovers(engine, scope, request.runId);
  const { connectionId } = request;
  try {
    await sweepConnection({ ...engine, open }, scope, connectionId, hasTime);
  } catch (error) {
    // The reconciler asks again within the hour; a connection that does not work is its owner's to mend.
    logger.warn('an account could not be swept', { connectionId, error });
  }
}
