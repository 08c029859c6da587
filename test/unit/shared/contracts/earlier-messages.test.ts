import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { publishChange } from '../../../../functions/events/publish-changes/publish-change.ts';
import { rowOf } from '../../../../functions/events/publish-changes/row-change.ts';
import {
  chunkRequestSchema,
  claimAnswerSchema,
  claimRequestSchema,
  completionSchema,
  heartbeatRequestSchema,
  standingSchema,
} from '../../../../shared/contracts/agent-protocol.ts';
import { jobBundleSchema } from '../../../../shared/contracts/bundle.ts';
import {
  accountSweepSchema,
  finishInputSchema,
  removalRequestSchema,
  startBuildInputSchema,
  taskResultSchema,
  wakeUpSchema,
  workflowInputSchema,
} from '../../../../shared/contracts/workflow.ts';
import {
  requestAccountSweep,
  requestRemoval,
  requestSweep,
  wakeDispatcher,
  wakeForWorkspace,
} from '../../../../shared/runtime/queues.ts';
import { memoryEngine } from '../../../support/engine.ts';
import { memoryFiles } from '../../../support/memory-files.ts';
import { storedSamples } from '../../../support/stored-samples.ts';

/**
 * `test/samples/messages/<kind>.<variant>.json`: what the parts of a release said to each other, and what is made of it.
 * While a deployment goes on, and until the last execution, build and message of the release before is over (36 hours;
 * 14 days on a queue of what failed), the parts of this one hear that. A sample stays as it is for as long.
 */
const FOLDER = join(import.meta.dirname, '../../../samples/messages');
const sampleSchema = z.object({ message: z.unknown(), read: z.unknown() });
const samples = readdirSync(FOLDER).map((file) => ({
  file,
  kind: file.split('.')[0] ?? '',
  ...sampleSchema.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))),
}));

/** What hears each kind of message: tasks of an execution, queues, runners and the agent API, a runner's job. */
const readers = new Map<string, z.ZodType>([
  ['workflow-input', workflowInputSchema],
  ['start-build-input', startBuildInputSchema],
  ['finish-input', finishInputSchema],
  ['task-result', taskResultSchema],
  ['wake-up', wakeUpSchema],
  ['sweep-request', z.union([workflowInputSchema, accountSweepSchema])],
  ['removal-request', removalRequestSchema],
  ['claim-request', claimRequestSchema],
  ['claim-answer', claimAnswerSchema],
  ['chunk', chunkRequestSchema],
  ['heartbeat', heartbeatRequestSchema],
  ['standing', standingSchema],
  ['completion', completionSchema],
  ['job-bundle', jobBundleSchema],
]);

describe('what the release before said (F41)', () => {
  test.each(samples)('$file is understood as it was meant', ({ kind, message, read }) => {
    // Fields may be added to what is read; none may be lost or change.
    expect({ read: readers.get(kind)?.parse(message) }).toMatchObject({ read });
  });

  test.each(samples)('$file is understood with a field that only the next release knows', (sample) => {
    const message = { ...z.record(z.string(), z.unknown()).parse(sample.message), addedLater: true };
    expect({ read: readers.get(sample.kind)?.parse(message) }).toMatchObject({ read: sample.read });
  });

  test('has a sample of each kind', () => {
    expect([...new Set(samples.map(({ kind }) => kind))].toSorted()).toEqual([...readers.keys()].toSorted());
  });
});

test('what this release says on queues has a sample: the next one must understand it (F41)', async () => {
  const bodies: unknown[] = [];
  const sqs: Pick<SQSClient, 'send'> = {
    send: async (command: { input: { MessageBody?: string } }) => {
      bodies.push(JSON.parse(command.input.MessageBody ?? ''));
    },
  };
  const [workspaceId, runId] = ['ws_01JD000000000000000000000W', 'run_01JD0000000000000000000025'];
  await wakeDispatcher(sqs, 'url', 'cloud');
  await wakeForWorkspace(sqs, 'url', workspaceId, ['cloud']);
  await requestSweep(sqs, 'url', { workspaceId, runId });
  await requestAccountSweep(sqs, 'url', { workspaceId, connectionId: 'con_01JD000000000000000000000C' });
  await requestRemoval(sqs, 'url', { workspaceId });
  expect(bodies).toHaveLength(5);
  for (const body of bodies) expect(samples.map(({ message }) => message)).toContainEqual(body);
});

describe('a record of the stream (F41)', () => {
  /** Rows of the traffic table and of buckets have no stream. */
  const unheard = /^(log|socket|workspace-connection|snapshot)/;
  const rows = storedSamples().filter(({ kind = '' }) => !unheard.test(kind));

  test.each(rows)('of $file is told, whether the row came, changed or went', async ({ rows: [row] }) => {
    const { core, traffic } = memoryEngine();
    const told: unknown[] = [];
    const tell = (what: unknown) => void told.push(what);
    const publish = {
      wake: tell,
      wakeWorkspace: tell,
      sweep: tell,
      removal: async (request: unknown) => tell(request),
      event: async (event: unknown) => tell(event),
    };
    const sockets = { traffic, send: async () => 'sent' as const };
    const outlets = { publish, sockets, files: memoryFiles().files };
    const image: unknown = marshall(row);
    const after = rowOf(image);
    expect(after).toMatchObject({ row: row?.['row'], pk: row?.['pk'] });
    await publishChange({ before: undefined, after }, outlets);
    await publishChange({ before: rowOf(image), after }, outlets);
    await publishChange({ before: after, after: undefined }, outlets);
    expect(JSON.stringify(told).includes('"DetailType":"run.queued"')).toBe(row?.['row'] === 'run');
    expect(core.rows.size).toBe(0);
  });
});
