import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { logger } from '../../../shared/runtime/logger.ts';

/** What Step Functions says of a run's execution, and how to wake it. */
export const workflows = (client: SFNClient) => ({
  /** `aborted`: somebody stopped it by hand. */
  stateOf: async (executionArn: string): Promise<WorkflowState> => {
    try {
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return 'running';
      return status === 'ABORTED' ? 'aborted' : 'gone';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return 'gone';
      throw error;
    }
  },

  /** Ends the Build state. A token that was used already is no error: somebody was faster. */
  wake: async (taskToken: string, outcome: 'completed' | 'lost'): Promise<Waking> => {
    try {
      if (outcome === 'completed') await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
      else await client.send(new SendTaskFailureCommand({ taskToken, error: 'RunnerLost' }));
      return 'heard';
    } catch (error) {
      logger.info('the workflow needed no waking', { error });
      return isWorthless(error) ? 'deaf' : 'unknown';
    }
  },
});
/** `deaf`: no state waits for this token, now or ever. */
export type Waking = 'heard' | 'deaf' | 'unknown';

const isWorthless = (error: unknown): boolean =>
  error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken;

export type WorkflowState = 'running' | 'aborted' | 'gone';
export type Workflows = ReturnType<typeof workflows>;
