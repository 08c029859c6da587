import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import { PlatformError } from '../../../shared/platforms/platform.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { notFound } from '../../../shared/runtime/api/problem.ts';
import { contended } from '../../../shared/store/retry.ts';
import { shareStore, type StoredShare } from '../../../shared/store/share-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Write } from '../../../shared/store/write.ts';
import { shareEntity } from './create-share.ts';
import {
  calledInTime,
  demandAccount,
  demandVersion,
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
 * between is seen, as `unsharing`, and asked for again. Throws 404 when there is no such share, or none any more.
 */
export const deleteShare = (sharer: Sharer, call: Call): Promise<Answer> =>
  contended(() => unshareOnce(sharer, call), lostShare);

const unshareOnce = async (sharer: Sharer, call: Call): Promise<Answer> => {
  const { scope, params } = call;
  const version = await demandVersion(sharer.core, scope, params.imageVersionId);
  const shares = shareStore(sharer.core, scope);
  const share = (await shares.list(version.id)).find(({ id }) => id === params.shareId);
  if (share === undefined) throw notFound('share');
  const last = version.state === 'deleted' ? share : await takeBack(sharer, scope, version, share);
  await shares.remove(last, [unshareEvent(call, share, version)]);
  return {};
};

/** Asks the platform. Where the image is gone, nobody can use it any more. */
const takeBack = async (
  sharer: Sharer,
  scope: WorkspaceScope,
  version: ImageVersion,
  share: StoredShare,
): Promise<StoredShare> => {
  const account = await demandAccount(sharer, scope, version);
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

const unshareEvent = ({ scope, principal }: Call, share: StoredShare, version: ImageVersion): Write =>
  audited(scope, {
    principal,
    action: 'delete',
    entity: shareEntity(share, version),
    before: { imageVersionId: version.id, region: share.region, principal: share.principal },
  });
