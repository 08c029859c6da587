import { setTimeout as sleep } from 'node:timers/promises';
import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsCommandOutput,
} from '@aws-sdk/client-eventbridge';
import type { BusEvent } from '../../../events/event.ts';
import { logger } from '../../../shared/runtime/logger.ts';

/** An event that waits to be sent, and the record of the table's stream that it tells of. */
export type Waiting<R> = { event: BusEvent; record: R; row: string };

/** Most entries and bytes of one PutEvents call (API reference; the bytes with room for what is counted beside). */
const MAX_ENTRIES = 10;
const MAX_BYTES = 240_000;
/** Before what was refused is sent again, in milliseconds: the bus has no room for a moment, not for long. */
const PAUSES_MS = [100, 400];

const bytesOf = ({ Source, DetailType, Detail }: BusEvent): number =>
  Buffer.byteLength(Source + DetailType + Detail);

/**
 * Calls of ten events at most in their order. Two changes of one row are never in the same call: when the bus refuses
 * the first, the second must not have gone ahead. What one change tells stays together.
 */
export const callsOf = <R>(waiting: Waiting<R>[]): Waiting<R>[][] => {
  const calls: Waiting<R>[][] = [];
  let call: Waiting<R>[] = [];
  let bytes = 0;
  for (const one of waiting) {
    const size = bytesOf(one.event);
    const isAgain = call.some(({ row, record }) => row === one.row && record !== one.record);
    if (call.length === MAX_ENTRIES || bytes + size > MAX_BYTES || isAgain) {
      if (call.length > 0) calls.push(call);
      call = [];
      bytes = 0;
    }
    call.push(one);
    bytes += size;
  }
  return call.length === 0 ? calls : [...calls, call];
};

/** HTTP 200 does not mean accepted: each entry has its own answer, in the order of the request. */
const refusedOf = <R>(call: Waiting<R>[], answer: PutEventsCommandOutput): Waiting<R>[] => {
  if ((answer.FailedEntryCount ?? 0) === 0) return [];
  const entries = answer.Entries ?? [];
  return entries.length === call.length
    ? call.filter((_, place) => entries[place]?.ErrorCode !== undefined)
    : call;
};

type Bus = {
  name: string;
  client: Pick<EventBridgeClient, 'send'>;
  pause?: (milliseconds: number) => Promise<unknown>;
};

const send = async <R>({ name, client }: Bus, call: Waiting<R>[]): Promise<Waiting<R>[]> => {
  const Entries = call.map(({ event }) => ({ ...event, EventBusName: name }));
  try {
    const answer = await client.send(new PutEventsCommand({ Entries }));
    return refusedOf(call, answer);
  } catch (error) {
    logger.warn('the bus took nothing', { error });
    return call;
  }
};

/**
 * Puts events on the bus, those of one row in their order; what the bus refuses is sent again, twice. Answers what it
 * refused to the end, which holds up nothing behind it.
 */
export const tellBus = async <R>(bus: Bus, waiting: Waiting<R>[]): Promise<Waiting<R>[]> => {
  const refused: Waiting<R>[] = [];
  for (const call of callsOf(waiting)) {
    let left = await send(bus, call);
    for (const milliseconds of PAUSES_MS) {
      if (left.length === 0) break;
      await (bus.pause ?? sleep)(milliseconds);
      left = await send(bus, left);
    }
    refused.push(...left);
  }
  return refused;
};
