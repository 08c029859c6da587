import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';

/** The one logger of a function. Keys that we use everywhere: workspaceId, runId, requestId. */
export const logger = new Logger({ serviceName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'goldsmith' });

/** The bundle of every function that is not HTTP: log lines carry the request id, an error is logged and thrown on. */
export const backgroundHandler = <Event, Answer>(run: (event: Event, context: Context) => Promise<Answer>) =>
  middy<Event, Answer>()
    .use(injectLambdaContext(logger))
    .handler(async (event: Event, context: Context) => {
      try {
        return await run(event, context);
      } catch (error) {
        logger.error('failed', { error });
        throw error;
      }
    });
