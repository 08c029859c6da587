import { type Share, type ShareInput, shareSchema } from '../../../shared/contracts/entities/share.ts';
import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import { notShareable, shareRegions } from '../../../shared/domain/share.ts';
import type { ErrorId } from '../../../shared/domain/triage/catalogue.ts';
import type { PlatformError } from '../../../shared/platforms/platform.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem, brokenRules } from '../../../shared/runtime/api/problem.ts';
import { newId, now } from '../../../shared/runtime/ids.ts';
import { contended } from '../../../shared/store/retry.ts';
import { shareStore, type StoredShare } from '../../../shared/store/share-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Write } from '../../../shared/store/write.ts';
import {
  type Account,
  calledInTime,
  cannotShare,
  demandAccount,
  demandVersion,
  isRefusal,
  lostShare,
  shareProblem,
  type Sharer,
} from './share-target.ts';

/** Most shares of one image version: of more, an organization or a unit of it is the better one to share with. */
const MOST_SHARES = 500;

type Call = {
  scope: WorkspaceScope;
  params: { imageVersionId: string };
  body: ShareInput;
  principal: Principal;
  remember: (answer: Answer) => Write[];
};

/** A share as audit events name it. */
export const shareEntity = ({ id, principal }: StoredShare, { name }: ImageVersion) => ({
  kind: 'share',
  id,
  name: `${name} for ${principal.id}`,
});

/** A share as clients read it. */
export const presentShare = (share: StoredShare): Share => shareSchema.parse(share);

/**
 * Lets somebody use an image. The row is there, as `sharing`, before the platform is asked, so that nothing is ever in
 * force that cannot be seen; after a crash, and where the platform's answer is not known, it stays like that until
 * somebody asks again. What the platform surely refused leaves nothing. Asking again for the same asks the platform
 * again, which is harmless, and answers 200 with the share that is there.
 */
export const createShare = (sharer: Sharer, call: Call): Promise<Answer> => {
  const progress = { isDone: false };
  return contended(() => shareOnce(sharer, call, progress), lostShare);
};

/** `isDone`: the platform has done it, and another request for the same was faster to say so in the row. */
const shareOnce = async (sharer: Sharer, call: Call, progress: { isDone: boolean }): Promise<Answer> => {
  const { scope, body } = call;
  const version = await demandVersion(sharer.core, scope, call.params.imageVersionId);
  demandShareable(version, body.region);
  const account = await demandAccount(sharer, scope, version);
  const shares = shareStore(sharer.core, scope);
  const there = await shares.find({ imageVersionId: version.id, ...body });
  if (there?.state === 'shared' && progress.isDone) return answerAgain(sharer, call, there);
  const begun = await begin(sharer, call, { version, there });
  try {
    await calledInTime(sharer.shareLimitMs, account.share(version.locators, begun.region, begun.principal));
    progress.isDone = true;
  } catch (error) {
    // What was shared before stays so: it is not this request's to take back.
    const isSettled =
      isRefusal(error) && (there !== undefined || (await isTakenBack(account, version, begun, error)));
    if (isSettled) await undo(sharer, scope, begun, there);
    throw shareProblem(error);
  }
  const status = there === undefined ? 201 : 200;
  const answer = { status, body: presentShare({ ...begun, state: 'shared' }) };
  const event = there?.state === 'shared' ? [] : [shareEvent(call, begun, version)];
  await shares.mark(begun, 'shared', [...event, ...call.remember(answer)]);
  return answer;
};

/** Refusals that come before a platform has done anything. */
const AT_ONCE: readonly ErrorId[] = [
  'image-not-shareable',
  'image-missing-after-build',
  'base-image-not-found',
  'builder-setting-invalid',
  'region-invalid',
  'credentials-invalid',
  'role-not-assumable',
];
/** For taking back what was half done, in milliseconds: what is left of a function's time. */
const TAKE_BACK_MS = 4000;

/**
 * Whether nothing is in force after a refusal: a share may be several calls, of which the second is refused. What was done
 * is taken back; where that is refused too, none of it was allowed.
 */
const isTakenBack = async (
  { unshare }: Account,
  { locators }: ImageVersion,
  { region, principal }: StoredShare,
  { errorId }: PlatformError,
): Promise<boolean> => {
  if (AT_ONCE.includes(errorId)) return true;
  try {
    await calledInTime(TAKE_BACK_MS, unshare(locators, region, principal));
    return true;
  } catch (error) {
    return isRefusal(error);
  }
};

const demandShareable = (version: ImageVersion, region: string): void => {
  const fault = notShareable(version.locators);
  if (fault !== undefined) throw cannotShare(fault);
  const regions = shareRegions(version.locators);
  if (!regions.includes(region)) {
    const detail = `${version.name} is not in ${region}; it is in ${regions.join(', ')}`;
    throw brokenRules([{ pointer: '/region', code: 'no-image-there', detail }]);
  }
  if (version.state !== 'available' && version.state !== 'deprecated')
    throw new ApiProblem('image-gone', `${version.name} is ${version.state}.`);
};

const answerAgain = async ({ core }: Sharer, call: Call, there: StoredShare): Promise<Answer> => {
  const answer = { status: 200, body: presentShare(there) };
  const remembered = call.remember(answer);
  if (remembered.length > 0) await core.write(remembered);
  return answer;
};

type Found = { version: ImageVersion; there: StoredShare | undefined };

/** Says in the row that the platform is about to be asked. One that says so already stays as it is: both may go on. */
const begin = async ({ core }: Sharer, call: Call, { version, there }: Found): Promise<StoredShare> => {
  const shares = shareStore(core, call.scope);
  if (there !== undefined) return there.state === 'sharing' ? there : shares.mark(there, 'sharing');
  if ((await shares.list(version.id)).length >= MOST_SHARES) {
    const detail = `${version.name} is shared ${MOST_SHARES} times. Share it with an organization or a unit of one.`;
    throw new ApiProblem('limit-reached', detail);
  }
  return shares.begin({
    id: newId('share'),
    imageVersionId: version.id,
    ...call.body,
    createdAt: now(),
    createdBy: call.principal.id,
  });
};

/** Puts back what was there before. Where somebody else is at it meanwhile, it is theirs to settle. */
const undo = async (
  { core }: Sharer,
  scope: WorkspaceScope,
  begun: StoredShare,
  there: StoredShare | undefined,
): Promise<void> => {
  const shares = shareStore(core, scope);
  try {
    await (there === undefined ? shares.remove(begun) : shares.mark(begun, there.state));
  } catch (error) {
    if (!lostShare(error)) throw error;
  }
};

const shareEvent = ({ scope, principal }: Call, share: StoredShare, version: ImageVersion): Write =>
  audited(scope, {
    principal,
    action: 'create',
    entity: shareEntity(share, version),
    after: { imageVersionId: version.id, region: share.region, principal: share.principal },
  });
