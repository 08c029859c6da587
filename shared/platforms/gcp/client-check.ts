import { type ErrorId, errorCatalogue } from '../../domain/triage/catalogue.ts';
import type { PlatformCheck } from '../platform.ts';
import { isForbidden, translateError } from './errors.ts';

/** How a thing stands that was looked at. */
export type Verdict = Pick<PlatformCheck, 'status' | 'detail' | 'errorId' | 'remedy'>;

export const pass = (detail: string): Verdict => ({ status: 'pass', detail });

const told =
  (status: 'warn' | 'fail') =>
  (errorId: ErrorId, detail: string, remedy: string = errorCatalogue[errorId].remedy): Verdict => ({
    status,
    detail,
    errorId,
    remedy,
  });
/** A build would not work, and what to do about it; without words of its own what the catalogue says. */
export const fail = told('fail');
export const warn = told('warn');

const unseen = (error: unknown): Verdict => {
  const { errorId, message } = translateError(error);
  const reason = isForbidden(error) ? 'The connection may not look' : 'This could not be looked at';
  return warn(errorId, `${reason}: ${message}`);
};

/** A check and the field to blame. What cannot be looked at is a warning, and hides no other check. */
export const check = async (
  id: string,
  field: string,
  look: () => Promise<Verdict>,
): Promise<PlatformCheck> => {
  const verdict = await look().catch(unseen);
  return { id, field, ...verdict };
};

/** Pointer to a setting of the builder. */
export const settingField = (name: string): string => `/builderConfiguration/settings/${name}`;
