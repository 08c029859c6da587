import { ExecutionAlreadyExists, SFNClient } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { workflowStarter } from '../../../../shared/runtime/start-workflow.ts';
import { runningRun } from '../../../support/builders.ts';

const MACHINE = 'arn:aws:states:eu-west-1:111122223333:stateMachine:RunWorkflow';
const run = runningRun();
const executionArn = `arn:aws:states:eu-west-1:111122223333:execution:RunWorkflow:${run.id}`;

/** Step Functions whose every call is answered by `answer`; `asked` are the inputs. */
const stepFunctions = (answer: () => object) => {
  const asked: unknown[] = [];
  const client = new SFNClient({ region: 'eu-west-1' });
  client.middlewareStack.add(
    () =>
      async ({ input }) => {
        asked.push(input);
        return { response: {}, output: { $metadata: {}, ...answer() } };
      },
    { step: 'initialize' },
  );
  return { start: workflowStarter(MACHINE, client), asked };
};

test('an execution is named after its run and knows nothing but ids', async () => {
  const { start, asked } = stepFunctions(() => ({ executionArn }));
  expect(await start(run)).toEqual({ executionArn });
  const input = JSON.stringify({ workspaceId: run.workspaceId, runId: run.id });
  expect(asked).toEqual([{ stateMachineArn: MACHINE, name: run.id, input }]);
});

test('one that is there already is the one of the run: nobody else uses its name (F11, F12)', async () => {
  const { start } = stepFunctions(() => {
    throw new ExecutionAlreadyExists({ message: 'Execution already exists', $metadata: {} });
  });
  expect(await start(run)).toEqual({ executionArn });
});

test('anything else is thrown: the run stays as it is and is started again (F12)', async () => {
  const { start } = stepFunctions(() => {
    throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
  });
  await expect(start(run)).rejects.toThrow('Rate exceeded');
});
