import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { logger } from '../../../shared/runtime/logger.ts';

/** What Step Functions says of a run's execution, and how to wake it. */
export const workflows = (client: SFNClient) => ({
  isRunning: async (executionArn: string): Promise<boolean> => {
    try {
      const answer = await client.send(new DescribeExecutionCommand({ executionArn }));
      return answer.status === 'RUNNING';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return false;
      throw error;
    }
  },

  /** Ends the Build state. A token that was used already is no error: somebody was faster. */
  wake: async (taskToken: string, outcome: 'completed' | 'lost'): Promise<void> => {
    try {
      if (outcome === 'completed') await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
      else await client.send(new SendTaskFailureCommand({ taskToken, error: 'RunnerLost' }));
    } catch (error) {
      logger.info('the workflow needed no waking', { error });
    }
  },
});
export type Workflows = ReturnType<typeof workflows>;
