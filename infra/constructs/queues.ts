import { Duration, Validations } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { functionLimits } from './function-limits.ts';

/** Long enough to notice, to mend the fault and to send the messages again: the most that SQS allows. */
const KEPT = Duration.days(14);
/** Tries before a message is set aside. */
const TRIES = 5;

const everyQueue = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true } satisfies QueueProps;

/** Six times the function's time, as AWS advises: a message must not come again while it is worked on. */
const visibilityFor = (name: 'events/remove-leftovers' | 'events/remove-workspaces') =>
  Duration.seconds(functionLimits[name].timeout.toSeconds() * 6);

/**
 * A wake-up whose function died keeps the others of its pool waiting for as long. Two dispatchers of a pool at once do no
 * harm, so it comes again soon after its function cannot be at work any more.
 */
const wakeUpVisibility = functionLimits['events/dispatch-runs'].timeout.plus(Duration.seconds(5));

/** The queues between the parts. All messages are hints: the reconciler finds what a lost one left behind. */
export class Queues extends Construct {
  /** Wake-ups of the dispatcher, one at a time for each pool. */
  readonly dispatch: Queue;
  /** Runs to look for leftovers of. */
  readonly leftovers: Queue;
  /** Workspaces to remove what is in them. */
  readonly removals: Queue;
  /** Records of the table's stream that could not be worked on. */
  readonly poison: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.dispatch = new Queue(this, 'Dispatch', {
      ...everyQueue,
      fifo: true,
      // Senders say which wake-ups are equal: two of one pool, a minute apart, are not.
      contentBasedDeduplication: false,
      visibilityTimeout: wakeUpVisibility,
      deadLetterQueue: { maxReceiveCount: TRIES, queue: this.#deadLetters('DispatchDead', true) },
    });
    this.leftovers = new Queue(this, 'Leftovers', {
      ...everyQueue,
      visibilityTimeout: visibilityFor('events/remove-leftovers'),
      deadLetterQueue: { maxReceiveCount: TRIES, queue: this.#deadLetters('LeftoversDead', false) },
    });
    this.removals = new Queue(this, 'Removals', {
      ...everyQueue,
      visibilityTimeout: visibilityFor('events/remove-workspaces'),
      deadLetterQueue: { maxReceiveCount: TRIES, queue: this.#deadLetters('RemovalsDead', false) },
    });
    this.poison = new Queue(this, 'Poison', { ...everyQueue, retentionPeriod: KEPT });
    Validations.of(this.poison).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is itself where records end up that could not be worked on; nothing consumes it.',
    });
    this.poison
      .metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' })
      .createAlarm(this, 'Parked', {
        alarmDescription:
          'Changes could not be told to sockets, queues or the bus: docs/architecture.md, "When something cannot be told"',
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
  }

  #deadLetters(id: string, fifo: boolean): Queue {
    return new Queue(this, id, { ...everyQueue, retentionPeriod: KEPT, ...(fifo && { fifo }) });
  }
}
