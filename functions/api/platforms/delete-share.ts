import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import { PlatformError } from '../../../shared/platforms/platform.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem, notFound } from '../../../shared/runtime/api/problem.ts';
import { contended } from '../../../shared/store/retry.ts';
import { shareStore, type StoredShare } from '../../../shared/store/share-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Write } from '../../../shared/store/write.ts';
import { shareEntity } from './create-share.ts';
import {
  type Account,
  calledInTime,
  demandVersion,
  findAccount,
  isRefusal,
  lostShare,
  shareProblem,
  type Sharer,
} from './share-target.ts';

type Call = {
  scope: WorkspaceScope;
  params: { imageVersionId: string; shareId: string };
  principal: Principal;
};

/**
 * Takes back that somebody may use an image. The row goes after the platform has taken it back, so that what failed in
 * between is seen, as `unsharing`, and asked for again. Where the connection is gone nobody can take it back: that is
 * said, with what stays in force and where, and asking once more removes the row alone. Throws 404 when there is no such
 * share, or none any more.
 */
export const deleteShare = (sharer: Sharer, call: Call): Promise<Answer> => {
  const asked: Asked = { before: undefined };
  return contended(() => unshareOnce(sharer, call, asked), lostShare);
};

/** Whether the share was asked to be taken back before this request, and not only by another one at the same moment. */
type Asked = { before: boolean | undefined };

const unshareOnce = async (sharer: Sharer, call: Call, asked: Asked): Promise<Answer> => {
  const { scope, params } = call;
  const version = await demandVersion(sharer.core, scope, params.imageVersionId);
  const shares = shareStore(sharer.core, scope);
  const share = (await shares.list(version.id)).find(({ id }) => id === params.shareId);
  if (share === undefined) throw notFound('share');
  asked.before ??= share.state === 'unsharing';
  const remove = async (last: StoredShare): Promise<Answer> => {
    await shares.remove(last, [unshareEvent(call, share, version)]);
    return {};
  };
  if (version.state === 'deleted') return remove(share);
  const account = await findAccount(sharer, scope, version);
  if (account === undefined) return forget(sharer, call, { version, share, isAskedAgain: asked.before });
  return remove(await takeBack(sharer, scope, { account, version, share }));
};

type Kept = { version: ImageVersion; share: StoredShare; isAskedAgain: boolean };

/** Without the connection the row can go, and nothing else: never without a word of what stays. */
const forget = async (
  { core }: Sharer,
  call: Call,
  { version, share, isAskedAgain }: Kept,
): Promise<Answer> => {
  const shares = shareStore(core, call.scope);
  const stays = whatStays(version, share);
  if (isAskedAgain) {
    await shares.remove(share, [unshareEvent(call, share, version, { staysInForce: stays })]);
    return {};
  }
  if (share.state !== 'unsharing') await shares.mark(share, 'unsharing');
  const detail = `The connection that ${version.name} was made with is gone. ${stays} Take that back there, then delete the share once more to remove it from this list.`;
  throw new ApiProblem('connection-gone', detail);
};

const whatStays = ({ locators, name }: ImageVersion, { region, principal }: StoredShare): string => {
  const ami = locators.flatMap((one) => ('amiId' in one && one.region === region ? [one] : []))[0];
  const what = ami === undefined ? name : `${ami.amiId} of the account ${ami.accountId}`;
  return `In ${region} ${what} may still be used by the ${principal.type} ${principal.id}: its launch permission, and for an account that of its snapshots.`;
};

/** Asks the platform. Where the image is gone, nobody can use it any more. */
const takeBack = async (
  sharer: Sharer,
  scope: WorkspaceScope,
  { account, version, share }: { account: Account; version: ImageVersion; share: StoredShare },
): Promise<StoredShare> => {
  const shares = shareStore(sharer.core, scope);
  const begun = share.state === 'unsharing' ? share : await shares.mark(share, 'unsharing');
  try {
    await calledInTime(sharer.shareLimitMs, account.unshare(version.locators, share.region, share.principal));
    return begun;
  } catch (error) {
    if (error instanceof PlatformError && error.errorId === 'base-image-not-found') return begun;
    if (isRefusal(error) && share.state !== 'unsharing')
      await shares.mark(begun, share.state).catch(unlessLost);
    throw shareProblem(error);
  }
};

/** Somebody else is at it meanwhile: it is theirs to settle. */
const unlessLost = (error: unknown): void => {
  if (!lostShare(error)) throw error;
};

const unshareEvent = (
  { scope, principal }: Call,
  share: StoredShare,
  version: ImageVersion,
  after?: Record<string, unknown>,
): Write =>
  audited(scope, {
    principal,
    action: 'delete',
    entity: shareEntity(share, version),
    before: { imageVersionId: version.id, region: share.region, principal: share.principal },
    ...(after === undefined ? {} : { after }),
  });
