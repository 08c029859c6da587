import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { projectIn } from '../../../shared/contracts/env/runner-pools.ts';
import { cloudBuilds, cloudBuildStarter } from '../../../shared/runtime/cloud-builds.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { newSecret } from '../../../shared/runtime/ids.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import {
  requestAccountSweep,
  requestRemoval,
  requestSweep,
  wakeDispatcherAgain,
} from '../../../shared/runtime/queues.ts';
import { workflowStarter } from '../../../shared/runtime/start-workflow.ts';
import { callLimits } from '../../../shared/store/call-limits.ts';
import { reconcile, type Reconciling } from './reconcile.ts';
import { workflows } from './workflows.ts';

const environment = loadEnvironment(functionEnvironments['jobs/reconcile']);
const sqs = new SQSClient(callLimits);
const states = new SFNClient(callLimits);
const builds = cloudBuilds();
const pools = environment.RUNNER_POOLS;
const projects = new Set(pools.map(({ project }) => project));
const reconciling: Reconciling = {
  ...openEngine(environment),
  newSecret,
  builds,
  // The id of a build begins with its project's name; one of a project that is gone would refuse the answer for all.
  loadBuilds: (ids) => builds.load(ids.filter((id) => projects.has(id.slice(0, id.lastIndexOf(':'))))),
  workflows: workflows(states),
  startWorkflow: workflowStarter(environment.STATE_MACHINE_ARN, states),
  startCloudBuild: cloudBuildStarter({ apiUrl: environment.API_URL, projectOf: projectIn(pools) }),
  sweep: (request) => requestSweep(sqs, environment.LEFTOVERS_QUEUE_URL, request),
  sweepAccount: (request) => requestAccountSweep(sqs, environment.LEFTOVERS_QUEUE_URL, request),
  poolIds: pools.map(({ id }) => id),
  wakePool: (poolId) => wakeDispatcherAgain(sqs, environment.DISPATCH_QUEUE_URL, poolId),
  removeWorkspace: (workspaceId) => requestRemoval(sqs, environment.REMOVALS_QUEUE_URL, { workspaceId }),
};

/** Each minute: finds what a lost hint left behind, and repairs it. */
export const handler = backgroundHandler((): Promise<void> => reconcile(reconciling));
