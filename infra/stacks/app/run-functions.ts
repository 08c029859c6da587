import type { Construct } from 'constructs';
import * as permit from '../../constructs/permissions.ts';
import { ServiceFunction } from '../../constructs/service-function.ts';
import { RunWorkflow } from '../../workflows/run-workflow.ts';
import { enginePermissions, type Parts, projectsOf } from './parts.ts';

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
    environment: {
      ...parts.environment.engine,
      ...parts.environment.resourcesBucket,
      PACKER_GENERATION: parts.stage.packer.generation,
    },
    permissions: [
      ...enginePermissions(parts),
      permit.putObjects(parts.state.runsBucket, 'jobs'),
      // Looks whether the uploaded files of the run are there, in the versions that it began with.
      permit.readVersions(parts.state.resourcesBucket, 'files'),
      permit.listObjects(parts.state.resourcesBucket),
    ],
  });

const startBuildTask = (scope: Construct, { stage, state, api, pools, environment: env }: Parts) =>
  new ServiceFunction(scope, 'StartBuild', {
    stage,
    name: 'workflow/start-build',
    environment: {
      ...env.core,
      ...env.runnerPools,
      ...env.deployment,
      API_URL: api.url,
    },
    permissions: [permit.readWriteTable(state.coreTable), permit.startBuilds(projectsOf({ pools }))],
  });

const verifyTask = (scope: Construct, parts: Parts) =>
  new ServiceFunction(scope, 'Verify', {
    stage: parts.stage,
    name: 'workflow/verify',
    environment: parts.environment.engine,
    permissions: enginePermissions(parts),
  });

const finishTask = (scope: Construct, parts: Parts) =>
  new ServiceFunction(scope, 'Finish', {
    stage: parts.stage,
    name: 'workflow/finish',
    environment: parts.environment.engine,
    // A build that nobody claimed before its run was stopped.
    permissions: [...enginePermissions(parts), permit.stopBuilds(projectsOf(parts))],
  });
