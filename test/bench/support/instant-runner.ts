/** A runner that has nothing to do: it claims, says one chunk of lines, and tells of an image. */
import { claimAnswerSchema } from '../../../shared/contracts/agent-protocol.ts';
import { call } from '../../integration/client.ts';
import { plainLines } from '../../support/plain-lines.ts';
import type { Order } from './instant-cloud.ts';

const LINES = 10;

/** An image's id of its own for each run: the end of a ULID is random. */
const amiOf = (runId: string): string => `ami-${Buffer.from(runId.slice(-9)).toString('hex').slice(0, 17)}`;

/** The whole of a build; throws when the API refuses any of it. */
export const buildAtOnce = async (
  { workspaceId, runId, token, buildId }: Order,
  region: string,
): Promise<void> => {
  const base = `/v1/agent/workspaces/${workspaceId}/runs/${runId}`;
  const post = async (verb: string, bearer: string, body: unknown): Promise<unknown> => {
    const answer = await call('POST', `${base}/${verb}`, { token: bearer, body });
    if (answer.status >= 300) throw new Error(`${verb} of ${runId}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const runner = {
    runnerId: `instant-${runId}`,
    runnerVersion: '0',
    packerVersion: '1.6.6',
    hostname: 'instant',
    buildId,
  };
  const { leaseToken, nextSeq } = claimAnswerSchema.parse(await post('claim', token, runner));
  await post('heartbeat', leaseToken, { progress: { packerStarts: true } });
  await post('log', leaseToken, { lines: plainLines(LINES, nextSeq) });
  await post('complete', leaseToken, {
    outcome: 'succeeded',
    exitCode: 0,
    artifacts: [{ builderId: 'mitchellh.amazonebs', id: `${region}:${amiOf(runId)}`, description: '' }],
    errors: [],
    temporaries: [],
    lastSeq: nextSeq + LINES - 1,
  });
};
