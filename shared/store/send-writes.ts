import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { breathe, isThrottled, TRIES } from './throttling.ts';
import { TooContended } from './too-contended.ts';
import type { TransactItem, WriteOptions } from './write.ts';
import { WriteRefused } from './write-refused.ts';

/** All or nothing, again as long as another write is in the way. Throws WriteRefused, TooContended, or what nobody knows. */
export const sendWrites = async (
  client: DynamoDBDocumentClient,
  items: TransactItem[],
  { looksAgain = false }: WriteOptions = {},
): Promise<void> => {
  const send = (looksAgain && sendAlone(client, items)) || sendTogether(client, items);
  for (let tries = 1; ; tries += 1) {
    try {
      await send();
      return;
    } catch (error) {
      const { refusal, isFinal } = refusalOf(error);
      if (isFinal || tries === TRIES) throw refusal;
    }
    await breathe(tries);
  }
};

type Send = () => Promise<unknown>;

const sendTogether = (client: DynamoDBDocumentClient, TransactItems: TransactItem[]): Send => {
  const command = new TransactWriteCommand({ TransactItems });
  return () => client.send(command);
};

/** One row that is written, without a transaction; undefined for several rows, and for a mere check. */
const sendAlone = (client: DynamoDBDocumentClient, [item, ...more]: TransactItem[]): Send | undefined => {
  if (item === undefined || more.length > 0) return undefined;
  const { Put, Update, Delete } = item;
  if (Put !== undefined) return () => client.send(new PutCommand(Put));
  if (Update !== undefined) return () => client.send(new UpdateCommand(Update));
  return Delete && (() => client.send(new DeleteCommand(Delete)));
};

/** Which writes of a call met a guard that does not hold. */
const failedOf = (error: unknown): number[] => {
  if (error instanceof ConditionalCheckFailedException) return [0];
  return codesOf(error).flatMap((code, place) => (code === 'ConditionalCheckFailed' ? [place] : []));
};

const codesOf = (error: unknown): (string | undefined)[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).map((reason) => reason.Code)
    : [];

const isClash = (error: unknown): boolean =>
  error instanceof TransactionInProgressException ||
  error instanceof TransactionConflictException ||
  codesOf(error).includes('TransactionConflict');

/**
 * Two transactions that meet on a row, if only to check it, refuse one another; a moment later neither does, and a moment
 * later there may be room again. Only a guard that does not hold, and what nobody knows, is final at once.
 */
const refusalOf = (error: unknown): { refusal: unknown; isFinal: boolean } => {
  const failed = failedOf(error);
  if (failed.length > 0) return { refusal: new WriteRefused(failed), isFinal: true };
  if (isThrottled(error)) return { refusal: new TooContended(error), isFinal: false };
  return isClash(error)
    ? { refusal: new WriteRefused([]), isFinal: false }
    : { refusal: error, isFinal: true };
};
