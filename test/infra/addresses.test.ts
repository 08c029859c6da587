import { expect, test } from 'vitest';
import { awsStage } from './support/example-stage.ts';
import { resourcesOf, synthesise } from './support/templates.ts';

/**
 * An execution goes on with the definition that it began with, and a function that is still at work with its environment:
 * both call by name what the release before had. CloudFormation replaces, under another name, what has another logical id.
 */

const { app } = synthesise(awsStage());
const idsOf = (type: string, pattern = /./) =>
  resourcesOf(app, type)
    .map(({ id }) => id)
    .filter((id) => pattern.test(id))
    .toSorted();

test.each([
  [
    'functions that an execution calls',
    idsOf('AWS::Lambda::Function', /^(Prepare|StartBuild|Verify|Finish)/),
    [
      'FinishFunction57EB1547',
      'PrepareFunction0E0008CA',
      'StartBuildFunctionDBA63901',
      'VerifyFunction0C87FB6B',
    ],
  ],
  [
    'the machine of the executions',
    idsOf('AWS::StepFunctions::StateMachine'),
    ['RunWorkflowMachine3E20533D'],
  ],
  [
    'queues',
    idsOf('AWS::SQS::Queue'),
    [
      'QueuesDispatch716FC641',
      'QueuesDispatchDead480325DB',
      'QueuesLeftovers292957CA',
      'QueuesLeftoversDead68FBF174',
      'QueuesPoison13B91FC8',
      'QueuesRemovalsDead25D4AE3E',
      'QueuesRemovalsEF2DDBB1',
    ],
  ],
  ['the project of the first pool', idsOf('AWS::CodeBuild::Project'), ['BuildProjectF5CFF335']],
  ['the bus', idsOf('AWS::Events::EventBus'), ['BusEA82B648']],
])('%s keep the logical ids that the release before gave them (F41)', (_, ids, expected) => {
  expect(ids).toEqual(expected);
});
