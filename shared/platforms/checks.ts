import type { RunSnapshot } from '../contracts/snapshot.ts';
import { type ErrorId, errorCatalogue } from '../domain/triage/catalogue.ts';
import type { PlatformError } from './errors.ts';
import type { PlatformCheck } from './platform.ts';
import { osImageOf } from './snapshot-of.ts';

type Words = { detail: string; field?: string | undefined; errorId: ErrorId; remedy?: string };

const told = (id: string, status: 'warn' | 'fail', { detail, field, errorId, remedy }: Words) => ({
  id,
  status,
  detail,
  errorId,
  remedy: remedy ?? errorCatalogue[errorId].remedy,
  ...(field === undefined ? {} : { field }),
});

export const passes = (id: string, detail: string): PlatformCheck => ({ id, status: 'pass', detail });
export const fails = (id: string, words: Words): PlatformCheck => told(id, 'fail', words);
export const warns = (id: string, words: Words): PlatformCheck => told(id, 'warn', words);

/**
 * Looks at one thing. What could not be looked at is a warning that says so, and hides nothing else; `translate` is the
 * platform's own way of telling its errors.
 */
export const looked = async (
  translate: (error: unknown) => PlatformError,
  id: string,
  what: string,
  work: () => Promise<PlatformCheck[]>,
): Promise<PlatformCheck[]> => {
  try {
    return await work();
  } catch (error) {
    const { errorId, message } = translate(error);
    return [warns(id, { detail: `${what} could not be looked at: ${message}`, errorId })];
  }
};

/** Errors that say that nobody is let in, or that nobody can be asked; any other says nothing of the credentials. */
const REFUSED: readonly ErrorId[] = [
  'credentials-invalid',
  'clock-skewed',
  'role-not-assumable',
  'permission-denied',
  'account-disabled',
  'platform-unreachable',
  'certificate-untrusted',
  'proxy-refused',
];

/** How the credentials stand after an error: refused, or not to be told because the platform did not answer. */
export const credentialsAfter = (
  { errorId, message: detail }: Pick<PlatformError, 'errorId' | 'message'>,
  field: string,
): PlatformCheck => {
  const isRefused = REFUSED.includes(errorId);
  return (isRefused ? fails : warns)('credentials', { detail, field, errorId });
};

/** Names of things as a person lists them. */
export const listed = (names: readonly string[]): string => names.join(', ');

/** The image of the operating system that the run starts from, for whoever asks about a definition. */
export const imageField = (snapshot: RunSnapshot): string => {
  const image = osImageOf(snapshot);
  const place = image === undefined ? -1 : snapshot.operatingSystem.images.indexOf(image);
  return place < 0 ? '/operatingSystem/images' : `/operatingSystem/images/${place}`;
};

/** Where a field of the builder's settings is, for whoever asks about a definition. */
export const setting = (...path: (string | number)[]): string =>
  `/builderConfiguration/settings/${path.join('/')}`;

/**
 * One cause is one problem: `echoes` names fields of what is not to be found, or not to be judged, only because of what
 * another field says; an earlier check that fails speaks for them.
 */
export const withoutEchoes = (
  checks: PlatformCheck[],
  echoes: Readonly<Record<string, readonly string[]>>,
): PlatformCheck[] =>
  checks.filter(
    ({ status, field = '' }, at) =>
      status === 'pass' ||
      !checks
        .slice(0, at)
        .some((cause) => cause.status === 'fail' && echoes[cause.field ?? '']?.includes(field) === true),
  );
