import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { connectPlatform, snapshotOf } from '../../shared/actions/platform-access.ts';
import { functionEnvironments } from '../../shared/contracts/env/index.ts';
import { identityAudience } from '../../shared/domain/connection/identity-audience.ts';
import { agentRoutes as routes } from '../../shared/contracts/routes/agent.ts';
import { platformOf } from '../../shared/platforms/registry.ts';
import { apiHandler } from '../../shared/runtime/api/api-handler.ts';
import { operation } from '../../shared/runtime/api/operation.ts';
import { ApiProblem } from '../../shared/runtime/api/problem.ts';
import { openEngine } from '../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../shared/runtime/environment.ts';
import { callLimits } from '../../shared/store/call-limits.ts';
import { resourceFiles } from '../../shared/store/resource-files.ts';
import { claim } from './claim.ts';
import { complete } from './complete.ts';
import { leased } from './lease.ts';
import { takeChunk, takeHeartbeat } from './log-and-heartbeat.ts';

const environment = loadEnvironment(functionEnvironments['agent-api']);
const engine = openEngine(environment);
const resources = resourceFiles(environment.RESOURCES_BUCKET);
const states = new SFNClient(callLimits);
const rhythm = {
  heartbeatSeconds: environment.HEARTBEAT_SECONDS,
  chunkIntervalMilliseconds: environment.CHUNK_INTERVAL_MILLISECONDS,
};

/** Ends the state of a workflow that waits for the build. */
const wake = (taskToken: string) => states.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));

/** Nobody signs in here: every operation checks the token of its claim or lease. */
const noPeople = () => Promise.reject(new ApiProblem('bad-token', 'This is for runners.'));

export const handler = apiHandler(
  {
    claim: operation(routes.claim, async (call) => ({
      body: await claim({ ...engine, resources }, rhythm, call),
    })),
    log: operation(routes.log, async (call) => ({ body: await takeChunk(engine, call) })),
    heartbeat: operation(routes.heartbeat, async (call) => ({ body: await takeHeartbeat(engine, call) })),
    credentials: operation(routes.credentials, async (call) => {
      const { run } = await leased(engine.core, call);
      const client = await connectPlatform(engine, run, await snapshotOf(engine, run));
      if (client.credentials === undefined)
        throw new ApiProblem('not-found', 'This run has no such credentials.');
      return { body: await client.credentials() };
    }),
    identityToken: operation(routes.identityToken, async (call) => {
      const { run } = await leased(engine.core, call);
      const snapshot = await snapshotOf(engine, run);
      const { connection, builderConfiguration } = snapshot;
      const wanted = platformOf(builderConfiguration.platform).credentials(snapshot);
      if (engine.identityToken === undefined || wanted !== 'identity')
        throw new ApiProblem('not-found', 'This run has no identity to show elsewhere.');
      return { body: await engine.identityToken(identityAudience(connection.id)) };
    }),
    complete: operation(routes.complete, async (call) => {
      await complete(engine, wake, call);
      return { body: {} };
    }),
  },
  { table: engine.core, authenticate: noPeople },
);
