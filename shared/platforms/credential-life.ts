import { DEFAULT_TIMEOUT_SECONDS } from '../contracts/entities/image-definition.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import { fails, passes, warns } from './checks.ts';
import type { PlatformCheck } from './platform.ts';

const ID = 'credential-lifetime';
const AUTH = '/connection/settings/auth';
const HOUR_MS = 3_600_000;

/** Credentials that a run asks for anew whenever it needs them. */
export const renewed = (detail: string): PlatformCheck => passes(ID, detail);

/** Nobody tells when they end: `why`, and what a person can do. */
export const lifeUnknown = (what: string, why: string, remedy: string): PlatformCheck =>
  warns(ID, {
    detail: `When ${what} ends is not known: ${why}`,
    field: AUTH,
    errorId: 'credentials-invalid',
    remedy,
  });

/**
 * Whether credentials outlast the longest that a run may take, its clean-up apart. `ends`: when they end, in milliseconds
 * since 1970; of several that it may be, all of them.
 */
export const lifeOf = (
  what: string,
  ends: readonly number[],
  { definition }: Pick<RunSnapshot, 'definition'>,
  now: number,
): PlatformCheck => {
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = definition;
  const until = now + timeoutSeconds * 1000;
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const limit = `the run may take ${(timeoutSeconds * 1000) / HOUR_MS} hours`;
  if (first > until) return passes(ID, `${what} ends at ${new Date(first).toISOString()}, and ${limit}.`);
  const remedy = `Give the connection a new one that lives longer, or lower timeoutSeconds of the definition.`;
  const words = { field: AUTH, errorId: 'credentials-invalid' as const, remedy };
  if (last > until) {
    const detail = `${what} may end at ${new Date(first).toISOString()}, and ${limit}: there are several, and which one it is nobody tells.`;
    return warns(ID, { detail, ...words });
  }
  return fails(ID, { detail: `${what} ends at ${new Date(last).toISOString()}, and ${limit}.`, ...words });
};
