import type { ConnectionStored } from '../contracts/entities/connection.ts';
import type { BaseImage } from '../contracts/entities/image-version.ts';
import { platformKinds } from '../contracts/platforms/kinds.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { ErrorId } from '../domain/triage/catalogue.ts';
import { imageField } from '../platforms/checks.ts';
import { type PlatformClient, PlatformError, type RunIdentity } from '../platforms/platform.ts';
import { scopeTo, type WorkspaceScope } from '../store/workspace-scope.ts';
import type { Reach } from './reach-platforms.ts';
import { passed, type RunCheck } from './run-checks.ts';
import { LATE, within } from './within.ts';

export type Looker = {
  reach: Reach;
  now: () => string;
  /** For all questions to the platform together. */
  limitMs: number;
};

/** What was found, and what nobody foresaw, for the log of who asked. */
export type Looked = { checks: RunCheck[]; baseImage?: BaseImage; faults: unknown[] };

const SITE = 'Only a connector at the site reaches';
/** An error that says nothing about the run that would follow. */
const SAYS_NOTHING: readonly ErrorId[] = [
  'unclassified',
  'requests-throttled',
  'platform-busy',
  'platform-fault',
];

/** Checks that errors of a platform belong to, whatever was asked. */
const checkOfError: Partial<Record<ErrorId, string>> = {
  'credentials-invalid': 'credentials',
  'clock-skewed': 'credentials',
  'role-not-assumable': 'credentials',
  'permission-denied': 'permissions',
  'region-invalid': 'region',
  'resource-group-not-found': 'resource-group',
  'platform-unreachable': 'platform',
  'certificate-untrusted': 'platform',
  'proxy-refused': 'platform',
  'platform-busy': 'platform',
  'platform-fault': 'platform',
  'requests-throttled': 'platform',
};

/** The field to blame, by the check: of a definition's parts, and of a connection alone. */
type Fields = Record<string, string>;
const fieldsOfRun: Fields = {
  credentials: '/connection/settings/auth',
  permissions: '/connection/settings/auth',
  region: '/builderConfiguration/settings',
  'resource-group': '/builderConfiguration/settings',
  platform: '/connection/settings',
};
const fieldsOfConnection: Fields = {
  credentials: '/settings/auth',
  permissions: '/settings/auth',
  region: '/settings',
  platform: '/settings',
};

/** Time left of a limit that began when this was called, in milliseconds. */
const timer = (limitMs: number) => {
  const end = performance.now() + limitMs;
  return () => Math.max(0, end - performance.now());
};

/**
 * Asks the platform what a run would meet there: the exact base image first, then all that depends on it. Where the base
 * image cannot be had the connection itself is looked at, so that one cause does not hide another. Nothing is thrown:
 * a refusal that the platform explains is a failure, what is late or unforeseen a warning, since the run may well work.
 */
export const platformChecks = async (
  looker: Looker,
  snapshot: RunSnapshot,
  run: RunIdentity,
): Promise<Looked> => {
  const left = timer(looker.limitMs);
  const client = await looker.reach.connect(snapshot, run);
  if (client === undefined) return { checks: [siteCheck(snapshot.connection)], faults: [] };
  const base = await resolve(client, snapshot, left());
  if (base.image === undefined) return withAccount(looker, snapshot, base, left());
  const rest = await ask({ limitMs: left(), fields: fieldsOfRun }, () => client.preflight(base.image));
  const own = baseImageCheck(base.image, snapshot, looker.now());
  // What the platform itself says of the base image is more than that it is there.
  const isTold = own.status === 'pass' && rest.checks.some(({ id }) => id === own.id);
  return { checks: [...(isTold ? [] : [own]), ...rest.checks], baseImage: base.image, faults: rest.faults };
};

const siteCheck = ({ platform }: ConnectionStored): RunCheck => ({
  id: 'connector',
  status: 'warn',
  detail: `${SITE} ${platformKinds[platform].title}: nothing there was checked.`,
});

type Base = { image: BaseImage } | { image?: undefined; check: RunCheck; faults: unknown[] };

const resolve = async (client: PlatformClient, snapshot: RunSnapshot, limitMs: number): Promise<Base> => {
  const about = { id: 'base-image', what: 'The base image', fields: fieldsOfRun };
  try {
    const image = await within(limitMs, client.resolveBaseImage());
    return image === LATE ? { check: lateCheck(about), faults: [] } : { image };
  } catch (error) {
    const check = errorCheck(error, {
      ...about,
      fields: { ...fieldsOfRun, [about.id]: imageField(snapshot) },
    });
    return { check, faults: unforeseen(error) };
  }
};

const withAccount = async (
  { reach }: Looker,
  snapshot: RunSnapshot,
  base: { check: RunCheck; faults: unknown[] },
  limitMs: number,
): Promise<Looked> => {
  const { connection, workspaceId } = snapshot;
  const account = await accountChecks(reach, scopeTo(workspaceId), connection, limitMs);
  const others = account.checks
    .filter(({ id, status }) => id !== base.check.id || status !== base.check.status)
    .map((check) => (check.field === undefined ? check : { ...check, field: `/connection${check.field}` }));
  // Of an account that lets nobody in there is nothing to say.
  const isBlind = others.some(({ id, status }) => id === 'credentials' && status === 'fail');
  const own = isBlind && base.check.id === 'base-image' ? [] : [base.check];
  return { checks: [...own, ...others], faults: [...base.faults, ...account.faults] };
};

/** Whether a connection lets anybody in, and what builds need of its account. Fields are those of the connection. */
export const accountChecks = async (
  reach: Reach,
  scope: WorkspaceScope,
  connection: ConnectionStored,
  limitMs: number,
): Promise<Looked> => {
  const client = await reach.open(scope, connection);
  if (client === undefined) return { checks: [siteCheck(connection)], faults: [] };
  return ask({ limitMs, fields: fieldsOfConnection }, client.verify);
};

const ask = async (
  { limitMs, fields }: { limitMs: number; fields: Fields },
  question: () => Promise<RunCheck[]>,
): Promise<{ checks: RunCheck[]; faults: unknown[] }> => {
  const about = { id: 'platform', what: 'The account', fields };
  try {
    const checks = await within(limitMs, question());
    return { checks: checks === LATE ? [lateCheck(about)] : checks, faults: [] };
  } catch (error) {
    return { checks: [errorCheck(error, about)], faults: unforeseen(error) };
  }
};

type About = { id: string; what: string; fields: Fields };

const lateCheck = ({ id, what }: About): RunCheck => ({
  id,
  status: 'warn',
  detail: `${what} could not be checked in time.`,
  errorId: 'platform-unreachable',
});

/** A PlatformError explains itself; anything else is ours. */
const unforeseen = (error: unknown): unknown[] => (error instanceof PlatformError ? [] : [error]);

const errorCheck = (error: unknown, { id, what, fields }: About): RunCheck => {
  if (!(error instanceof PlatformError)) {
    const detail = `${what} could not be checked: something went wrong on our side.`;
    return { id, status: 'warn', detail, remedy: 'Check again.' };
  }
  const { errorId, message: detail } = error;
  const subject = checkOfError[errorId] ?? id;
  const field = error.field ?? fields[subject];
  const status = SAYS_NOTHING.includes(errorId) ? 'warn' : 'fail';
  return { id: subject, status, errorId, detail, ...(field === undefined ? {} : { field }) };
};

const baseImageCheck = (
  { id, name, deprecatedAt }: BaseImage,
  snapshot: RunSnapshot,
  now: string,
): RunCheck => {
  const detail = `Base image ${name ?? snapshot.operatingSystem.name} (${id}).`;
  if (deprecatedAt === undefined || Date.parse(deprecatedAt) > Date.parse(now))
    return passed('base-image', detail);
  return {
    id: 'base-image',
    status: 'warn',
    detail: `${detail} Its provider calls it deprecated since ${deprecatedAt}.`,
    field: imageField(snapshot),
    remedy: 'Switch the definition to a newer operating system, or correct the image of this one.',
  };
};
