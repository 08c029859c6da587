/** Memory and time of each function. Lambda gives CPU in proportion to memory: 1,769 MB is one core. */
import { Duration } from 'aws-cdk-lib';
import type { FunctionName } from '../../shared/contracts/env/index.ts';

export type FunctionLimits = { memorySize: number; timeout: Duration };

/** Enough CPU that a cold start and the check of a signed token stay well below a second. */
const STANDARD_MEGABYTES = 512;
/** For functions that make a call or two and hold no SDK but DynamoDB's. */
const SMALL_MEGABYTES = 256;

const limits = (memorySize: number, seconds: number): FunctionLimits => ({
  memorySize,
  timeout: Duration.seconds(seconds),
});

/** Below the gateway's 29 s, so that the caller gets our problem and not the gateway's. */
const answersRequest = limits(STANDARD_MEGABYTES, 25);
/** Below the minute that a socket client waits; posting a backlog takes the longest. */
const answersSocket = limits(SMALL_MEGABYTES, 10);
/** Several calls to a customer's cloud, each of which may be throttled and repeated for a minute. */
const talksToCloud = limits(STANDARD_MEGABYTES, 300);

export const functionLimits: Record<FunctionName, FunctionLimits> = {
  'api/public': answersRequest,
  'api/access': answersRequest,
  'api/definitions': answersRequest,
  'api/platforms': answersRequest,
  'api/runs': answersRequest,
  'agent-api': answersRequest,
  'workflow/prepare': talksToCloud,
  'workflow/start-build': limits(STANDARD_MEGABYTES, 30),
  'workflow/verify': talksToCloud,
  'workflow/finish': talksToCloud,
  // The stream waits while a batch is worked on: 100 records with a post to each subscriber.
  'events/publish-changes': limits(STANDARD_MEGABYTES, 60),
  // Several calls, any of which may hang until it is given up (shared/store/call-limits.ts). A dispatcher that died keeps
  // its pool waiting for a little longer (queues.ts).
  'events/dispatch-runs': limits(STANDARD_MEGABYTES, 30),
  'events/remove-leftovers': talksToCloud,
  // A step is some seconds; one batch of rows or files may be throttled and repeated for longer.
  'events/remove-workspaces': limits(STANDARD_MEGABYTES, 60),
  // Ends before the next firing, which goes on with what is left.
  'jobs/reconcile': limits(STANDARD_MEGABYTES, 55),
  'socket/connect': answersSocket,
  'socket/disconnect': answersSocket,
  'socket/message': limits(STANDARD_MEGABYTES, 30),
};
