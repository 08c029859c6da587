import { recogniseError } from '../../domain/triage/classify.ts';
import { PlatformError } from '../platform.ts';

type Told = Error & { code?: unknown; statusCode?: unknown };

/** Code of Azure Resource Manager, or the name of whatever else it is. */
const codeOf = (error: Told): string => (typeof error.code === 'string' ? error.code : error.name);

/** An error of the SDKs with the id of the catalogue that explains it; a PlatformError stays as it is. */
export const translateError = (error: unknown): PlatformError => {
  if (error instanceof PlatformError) return error;
  const text = error instanceof Error ? `${codeOf(error)}: ${error.message}` : String(error);
  return new PlatformError(recogniseError(text) ?? 'unclassified', text, { cause: error });
};

/** Whether an error says that something does not exist (any more). */
export const isGone = (error: unknown): boolean =>
  error instanceof Error && 'statusCode' in error && error.statusCode === 404;

/** What is asked for; undefined when Azure says that it does not exist. */
export const ifThere = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};
