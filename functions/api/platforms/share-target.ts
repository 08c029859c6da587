import type { Reach } from '../../../shared/actions/reach-platforms.ts';
import { LATE, within } from '../../../shared/actions/within.ts';
import { snapshotOf } from '../../../shared/actions/platform-access.ts';
import { type ConnectionStored, connectionStored } from '../../../shared/contracts/entities/connection.ts';
import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import { notShareable } from '../../../shared/domain/share.ts';
import { errorCatalogue } from '../../../shared/domain/triage/catalogue.ts';
import { type AccountClient, PlatformError } from '../../../shared/platforms/platform.ts';
import { ApiProblem, brokenRules, notFound } from '../../../shared/runtime/api/problem.ts';
import { entityStore } from '../../../shared/store/entity-store.ts';
import { imageVersionStore } from '../../../shared/store/image-version-store.ts';
import type { RunFiles } from '../../../shared/store/run-files.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

export type Sharer = {
  core: Table;
  files: RunFiles;
  reach: Reach;
  /** For one call to the platform. */
  shareLimitMs: number;
};

/** What can be done in the account of an image. */
export type Account = Required<Pick<AccountClient, 'share' | 'unshare'>>;

/** A version that a client named. Throws 404. */
export const demandVersion = async (
  core: Table,
  scope: WorkspaceScope,
  id: string,
): Promise<ImageVersion> => {
  const version = await imageVersionStore(core, scope).get(id);
  if (version === undefined) throw notFound('image version');
  return version;
};

/** The platform's own reason, and what to do about it. */
export const cannotShare = (detail: string): ApiProblem =>
  brokenRules([{ pointer: '', code: 'not-shareable', detail }], 'not-shareable');

/** The connection that an image was made with, as it is now, and not as it was then: access may have been corrected. */
export const demandAccount = async (
  sharer: Sharer,
  scope: WorkspaceScope,
  version: ImageVersion,
): Promise<Account> => {
  const account = await findAccount(sharer, scope, version);
  if (account !== undefined) return account;
  const detail = `The connection that ${version.name} was made with is gone: change who may use the image in its own account.`;
  throw new ApiProblem('connection-gone', detail);
};

/** The same; undefined when that connection is gone. */
export const findAccount = async (
  { core, files, reach }: Sharer,
  scope: WorkspaceScope,
  version: ImageVersion,
): Promise<Account | undefined> => {
  const connection = await connectionOf({ core, files }, scope, version);
  if (connection === undefined) return undefined;
  const client = await reach.open(scope, connection);
  const { share, unshare } = client ?? {};
  if (share !== undefined && unshare !== undefined) return { share, unshare };
  throw cannotShare(notShareable(version.locators) ?? 'Images of this platform are not shared here.');
};

/** The connection that an image was made with, as it is now; undefined when it is gone. */
export const connectionOf = async (
  { core, files }: Pick<Sharer, 'core' | 'files'>,
  scope: WorkspaceScope,
  version: ImageVersion,
): Promise<ConnectionStored | undefined> => {
  const id = await connectionIdOf({ core, files }, scope, version);
  const row = id === undefined ? undefined : await entityStore(core, scope).get('connection', id);
  return row === undefined ? undefined : connectionStored.parse(row);
};

/** Versions of the first release do not say it themselves; their runs do, as long as they are there. */
const connectionIdOf = async (
  { core, files }: Pick<Sharer, 'core' | 'files'>,
  scope: WorkspaceScope,
  { connectionId, runId }: ImageVersion,
): Promise<string | undefined> => {
  if (connectionId !== undefined) return connectionId;
  const run = await runStore(core, scope).get(runId);
  return run === undefined ? undefined : (await snapshotOf({ files }, run)).connection.id;
};

/** Does one call to the platform. Throws PlatformError, also when it does not answer in time. */
export const calledInTime = async (limitMs: number, call: Promise<void>): Promise<void> => {
  if ((await within(limitMs, call)) === LATE)
    throw new PlatformError('platform-unreachable', 'The platform did not answer in time.');
};

/** Whether the platform has surely not done what it was asked for. */
export const isRefusal = (error: unknown): error is PlatformError =>
  error instanceof PlatformError &&
  !['platform-unreachable', 'platform-fault', 'unclassified'].includes(error.errorId);

/** Whether a write lost against another one of the same share, which is its transaction's first: all is decided anew. */
export const lostShare = (error: unknown): boolean =>
  error instanceof WriteRefused && (error.failed.length === 0 || error.failed.includes(0));

/** What a client is told of an error of the platform; any other is no business of theirs. */
export const shareProblem = (error: unknown): unknown => {
  if (!(error instanceof PlatformError)) return error;
  const { errorId, message, field } = error;
  const { category, remedy } = errorCatalogue[errorId];
  const isAsked = category === 'builder-configuration' || category === 'operating-system';
  const unknown = isRefusal(error) ? '' : ' Whether it was done is not known: ask for it again.';
  return new ApiProblem(isAsked ? 'not-shareable' : 'platform-refused', `${message}${unknown}`, {
    errors: [{ pointer: field ?? '', code: errorId, detail: field === undefined ? remedy : message }],
  });
};
