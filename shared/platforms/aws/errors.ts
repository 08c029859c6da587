import { recogniseError } from '../../domain/triage/classify.ts';
import { PlatformError } from '../platform.ts';

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'Error');

/** An error of the SDK with the id of the catalogue that explains it; a PlatformError stays as it is. */
export const translateError = (error: unknown): PlatformError => {
  if (error instanceof PlatformError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const text = `${nameOf(error)}: ${message}`;
  return new PlatformError(recogniseError(text) ?? 'unclassified', text, { cause: error });
};

/** Whether an error says that a resource does not exist (any more); images become unavailable when deregistered. */
export const isGone = (error: unknown): boolean =>
  /^(Invalid\w+\.(NotFound\w*|Unavailable)|NoSuchEntity(Exception)?)$/.test(nameOf(error));

/** Whether an error says that the connection may not do what was asked. */
export const isRefused = (error: unknown): boolean =>
  /^(AccessDenied(Exception)?|UnauthorizedOperation)$/.test(nameOf(error));

/**
 * Whether an error says that a region does not exist: its endpoint has no address, or the endpoint that answers does not
 * know it.
 */
export const isOfRegion = (message: string, region: string): boolean =>
  (message.includes('ENOTFOUND') && message.includes(`.${region}.`)) || message.includes('valid region');
