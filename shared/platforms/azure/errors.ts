import * as z from 'zod';
import { recogniseError } from '../../domain/triage/classify.ts';
import { PlatformError } from '../platform.ts';

/** An error of Azure Resource Manager in its own words. */
export class ArmError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ArmError';
    this.code = code;
    this.status = status;
  }
}

const problem = z.object({ code: z.string(), message: z.string().default('') });
const answer = z.union([z.object({ error: problem }).transform(({ error }) => error), problem]);

const parse = (body: string): unknown => {
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    return undefined;
  }
};

/** What an answer that is no success says; the SDKs keep its words only at some of their calls. */
export const armErrorOf = (status: number, body: string): ArmError => {
  const told = answer.safeParse(parse(body));
  return told.success
    ? new ArmError(status, told.data.code, told.data.message)
    : new ArmError(status, 'Error', `Azure answered with status ${status}.`);
};

/** An error of Azure or of the SDKs with the id of the catalogue that explains it; a PlatformError stays as it is. */
export const translateError = (error: unknown): PlatformError => {
  if (error instanceof PlatformError) return error;
  const code = error instanceof ArmError ? error.code : error instanceof Error ? error.name : 'Error';
  const text = `${code}: ${error instanceof Error ? error.message : String(error)}`;
  return new PlatformError(recogniseError(text) ?? 'unclassified', text, { cause: error });
};

/** Whether an error says that something does not exist (any more). */
export const isGone = (error: unknown): boolean => error instanceof ArmError && error.status === 404;

/** Whether an error says that the connection may not do what was asked. */
export const isForbidden = (error: unknown): boolean => error instanceof ArmError && error.status === 403;

/** What is asked for; undefined when Azure says that it does not exist. */
export const ifThere = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};
