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
