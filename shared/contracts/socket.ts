import * as z from 'zod';
import { logLineSchema } from './entities/log.ts';
import { runSchema, stepSchema } from './entities/run.ts';

/** Messages stay below 32 KB, one WebSocket frame of API Gateway. */
export const MAX_SOCKET_BYTES = 32_000;

const topicFields = {
  runs: { topic: z.literal('runs') },
  log: { topic: z.literal('log'), runId: z.string().max(64) },
};

export const clientMessageSchema = z.union([
  z.object({ action: z.literal('subscribe'), ...topicFields.runs }),
  z.object({ action: z.literal('subscribe'), ...topicFields.log, afterSeq: z.int().min(0).default(0) }),
  z.object({ action: z.literal('unsubscribe'), ...topicFields.runs }),
  z.object({ action: z.literal('unsubscribe'), ...topicFields.log, afterSeq: z.int().optional() }),
  z.object({ action: z.literal('ping') }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

const topicEcho = { topic: z.enum(['runs', 'log']), runId: z.string().optional() };

export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('subscribed'), ...topicEcho, lastSeq: z.int().optional() }),
  z.object({ type: z.literal('unsubscribed'), ...topicEcho }),
  z.object({ type: z.literal('pong') }),
  z.object({ type: z.literal('error'), code: z.string(), detail: z.string() }),
  z.object({ type: z.literal('run'), run: runSchema.omit({ steps: true }) }),
  z.object({ type: z.literal('step'), runId: z.string(), step: stepSchema }),
  z.object({
    type: z.literal('log'),
    runId: z.string(),
    fromSeq: z.int(),
    toSeq: z.int(),
    lines: z.array(logLineSchema),
  }),
  z.object({ type: z.literal('log-end'), runId: z.string(), lastSeq: z.int(), status: z.string() }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;
