import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { runRoutes as routes } from '../../../shared/contracts/routes/runs.ts';
import { apiHandler } from '../../../shared/runtime/api/api-handler.ts';
import { authenticator } from '../../../shared/runtime/api/authenticate.ts';
import { operation } from '../../../shared/runtime/api/operation.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { newId, now } from '../../../shared/runtime/ids.ts';
import { callLimits } from '../../../shared/store/call-limits.ts';
import { runFiles } from '../../../shared/store/run-files.ts';
import { openTable } from '../../../shared/store/table.ts';
import { createRun } from './create-run.ts';
import { listImageVersions, readImageVersion } from './image-versions.ts';
import { deleteRun } from './delete-run.ts';
import { deleteLeftovers, listLeftovers } from './leftovers.ts';
import { readLatestLog, readLog } from './read-log.ts';
import { listDefinitionRuns, listRuns, readRun } from './read-runs.ts';
import { stopRun } from './stop-run.ts';

const environment = loadEnvironment(functionEnvironments['api/runs']);
const core = openTable(environment.CORE_TABLE);
const tables = { core, traffic: openTable(environment.TRAFFIC_TABLE) };
const files = runFiles(environment.RUNS_BUCKET);
const creator = { core, files, newId, now, poolIds: environment.RUNNER_POOLS.map(({ id }) => id) };

const states = new SFNClient(callLimits);
const wake = (taskToken: string) => states.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));

export const handler = apiHandler(
  {
    createRun: operation(routes.createRun, (call) => createRun(creator, call)),
    listDefinitionRuns: operation(routes.listDefinitionRuns, (call) => listDefinitionRuns(core, call)),
    listRuns: operation(routes.listRuns, (call) => listRuns(core, call)),
    readRun: operation(routes.readRun, (call) => readRun(core, environment, call)),
    stopRun: operation(routes.stopRun, (call) => stopRun({ core, now, wake }, call)),
    deleteRun: operation(routes.deleteRun, (call) => deleteRun({ ...tables, files }, call)),
    readLog: operation(routes.readLog, (call) => readLog(tables, call)),
    readLatestLog: operation(routes.readLatestLog, (call) => readLatestLog(tables, call)),
    listImageVersions: operation(routes.listImageVersions, (call) => listImageVersions(core, call)),
    readImageVersion: operation(routes.readImageVersion, (call) => readImageVersion(core, call)),
    listLeftovers: operation(routes.listLeftovers, (call) => listLeftovers(core, call)),
    deleteLeftovers: operation(routes.deleteLeftovers, (call) => deleteLeftovers(core, call)),
  },
  { table: core, authenticate: authenticator(environment, core) },
);
