import type { Construct } from 'constructs';
import * as permit from '../../constructs/permissions.ts';
import { ServiceFunction } from '../../constructs/service-function.ts';
import { RunWorkflow } from '../../workflows/run-workflow.ts';
import type { Parts } from './parts.ts';

/** The run workflow with the functions of its tasks. */
export function runWorkflow(scope: Construct, parts: Parts): RunWorkflow {
  const tasks = {
    prepare: prepareTask(scope, parts),
    startBuild: startBuildTask(scope, parts),
    verify: verifyTask(scope, parts),
    finish: finishTask(scope, parts),
  };
  const workflow = new RunWorkflow(scope, 'RunWorkflow', { stage: parts.stage, tasks });
  tasks.startBuild.permitLater('AnswerTask', permit.answerTasks(workflow.machine));
  return workflow;
}

const prepareTask = (scope: Construct, parts: Parts) =>
  new ServiceFunction(scope, 'Prepare', {
    stage: parts.stage,
    name: 'workflow/prepare',
    environment: { ...cloudTaskEnvironment(parts), PACKER_GENERATION: parts.stage.packer.generation },
    permissions: [...cloudTaskPermissions(parts), permit.putObjects(parts.state.runsBucket, 'jobs')],
  });

const startBuildTask = (scope: Construct, { stage, state, api, socket, build, environment: env }: Parts) =>
  new ServiceFunction(scope, 'StartBuild', {
    stage,
    name: 'workflow/start-build',
    environment: {
      ...env.core,
      ...env.traffic,
      ...env.socketPush,
      BUILD_PROJECT: build.project.projectName,
      API_URL: api.url,
    },
    permissions: [
      permit.readWriteTable(state.coreTable),
      permit.readWriteTable(state.trafficTable),
      permit.postToSockets(socket.stage),
      permit.startBuilds(build.project),
    ],
  });

const verifyTask = (scope: Construct, parts: Parts) =>
  new ServiceFunction(scope, 'Verify', {
    stage: parts.stage,
    name: 'workflow/verify',
    environment: cloudTaskEnvironment(parts),
    permissions: cloudTaskPermissions(parts),
  });

const finishTask = (scope: Construct, parts: Parts) =>
  new ServiceFunction(scope, 'Finish', {
    stage: parts.stage,
    name: 'workflow/finish',
    environment: cloudTaskEnvironment(parts),
    permissions: cloudTaskPermissions(parts),
  });

/** What a task needs that looks into the customer's account and writes the run's log. */
const cloudTaskEnvironment = ({ environment: env }: Parts) => ({
  ...env.core,
  ...env.traffic,
  ...env.runsBucket,
  ...env.secrets,
  ...env.socketPush,
  ...env.deployment,
});

const cloudTaskPermissions = ({ state, socket }: Parts) => [
  permit.readWriteTable(state.coreTable),
  permit.readWriteTable(state.trafficTable),
  permit.readObjects(state.runsBucket, 'snapshots'),
  permit.openSecrets(state.secretsKey),
  permit.assumeCustomerRoles(),
  permit.postToSockets(socket.stage),
];
