import { recogniseError } from '../../domain/triage/classify.ts';
import { PlatformError } from '../platform.ts';

/** Names of google.rpc.Code, which Google's libraries tell as numbers. */
const STATUS_NAMES = new Map([
  [3, 'INVALID_ARGUMENT'],
  [4, 'DEADLINE_EXCEEDED'],
  [5, 'NOT_FOUND'],
  [6, 'ALREADY_EXISTS'],
  [7, 'PERMISSION_DENIED'],
  [8, 'RESOURCE_EXHAUSTED'],
  [9, 'FAILED_PRECONDITION'],
  [14, 'UNAVAILABLE'],
  [16, 'UNAUTHENTICATED'],
]);
/** The same as HTTP says them, in errors of the other services. */
const HTTP_NAMES = new Map([
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [429, 'RESOURCE_EXHAUSTED'],
  [503, 'UNAVAILABLE'],
]);

const numberAt = (error: unknown, key: 'code' | 'status'): number | undefined => {
  if (!(error instanceof Error)) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(error, key)?.value;
  return typeof value === 'number' ? value : undefined;
};

/** The status that an error of Google's libraries tells of; undefined when it tells of none. */
const statusOf = (error: unknown): string | undefined =>
  STATUS_NAMES.get(numberAt(error, 'code') ?? -1) ?? HTTP_NAMES.get(numberAt(error, 'status') ?? -1);

/** An error of Google's libraries with the id of the catalogue that explains it; a PlatformError stays as it is. */
export const translateError = (error: unknown): PlatformError => {
  if (error instanceof PlatformError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const status = statusOf(error);
  const text = status === undefined ? message : `${status}: ${message}`;
  return new PlatformError(recogniseError(text) ?? 'unclassified', text, { cause: error });
};

/** Whether an error says that a resource does not exist (any more). */
export const isGone = (error: unknown): boolean => statusOf(error) === 'NOT_FOUND';

/** Whether an error says that the connection may not even look. */
export const isForbidden = (error: unknown): boolean => statusOf(error) === 'PERMISSION_DENIED';
