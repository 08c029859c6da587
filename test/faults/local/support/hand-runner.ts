/** A runner by hand: it says to the agent API what a build would, when the test wants it to. */
import type { z } from 'zod';
import {
  claimAnswerSchema,
  type completionSchema,
  type Progress,
  standingSchema,
} from '../../../../shared/contracts/agent-protocol.ts';
import { type Answered, call } from '../../../integration/client.ts';
import { logLines } from '../../../support/builders.ts';
import type { Order } from './builds.ts';

type Completion = z.input<typeof completionSchema>;

export const runnerOf = (order: Omit<Order, 'idempotencyToken'>, name = 'one') => {
  const { workspaceId, runId, token } = order;
  const base = `/v1/agent/workspaces/${workspaceId}/runs/${runId}`;
  let lease = '';
  let lastSeq = 0;
  const post = (verb: string, bearer: string, body: unknown) =>
    call('POST', `${base}/${verb}`, { token: bearer, body });
  const runner = {
    /** Claims the run without a demand that it works. */
    tryToClaim: () =>
      post('claim', token, {
        runnerId: `runner-${name}-0123456789`,
        runnerVersion: '1.0.0',
        packerVersion: '1.6.6',
        hostname: 'builder',
      }),
    /** Goes on with the lease that a claim was answered with. */
    take: ({ body }: Answered) => {
      const claimed = claimAnswerSchema.parse(body);
      lease = claimed.leaseToken;
      lastSeq = claimed.nextSeq - 1;
      return claimed;
    },
    claim: async () => {
      const answer = await runner.tryToClaim();
      if (answer.status !== 200) throw new Error(`claim: ${answer.text}`);
      return runner.take(answer);
    },
    /** Sends anything with the lease. */
    send: (verb: string, body: unknown) => post(verb, lease, body),
    /** The next lines of the log. */
    say: async (count: number) => {
      const answer = await runner.send('log', { lines: logLines(lastSeq + 1, lastSeq + count) });
      if (answer.status !== 200) throw new Error(`log: ${answer.text}`);
      lastSeq += count;
      return standingSchema.parse(answer.body);
    },
    beat: async (progress?: Progress) => {
      const answer = await runner.send('heartbeat', { progress });
      if (answer.status !== 200) throw new Error(`heartbeat: ${answer.text}`);
      return standingSchema.parse(answer.body);
    },
    completion: (fields: Partial<Completion> = {}): Completion => ({
      outcome: 'failed',
      exitCode: 1,
      artifacts: [],
      errors: [{ seq: Math.max(1, lastSeq), step: 1, text: 'Script exited with non-zero exit status: 3.' }],
      temporaries: [],
      lastSeq,
      ...fields,
    }),
    complete: (fields: Partial<Completion> = {}) => runner.send('complete', runner.completion(fields)),
    /** An image that this account has, as Packer tells of it. */
    succeed: (region: string, amiId: string) =>
      runner.complete({
        outcome: 'succeeded',
        exitCode: 0,
        errors: [],
        artifacts: [{ builderId: 'mitchellh.amazonebs', id: `${region}:${amiId}`, description: 'AMIs' }],
      }),
  };
  return runner;
};
export type HandRunner = ReturnType<typeof runnerOf>;
