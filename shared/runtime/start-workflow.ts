import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { StartWorkflow } from '../actions/admit-runs.ts';

/**
 * Starts the workflow of a run. The execution's name is the run's id, so a second start finds the first one and is a
 * success: nobody else uses these names.
 */
export const workflowStarter =
  (stateMachineArn: string, client: SFNClient): StartWorkflow =>
  async (run) => {
    const input = JSON.stringify({ workspaceId: run.workspaceId, runId: run.id });
    try {
      const answer = await client.send(new StartExecutionCommand({ stateMachineArn, name: run.id, input }));
      if (answer.executionArn !== undefined) return { executionArn: answer.executionArn };
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
    return { executionArn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${run.id}` };
  };
