import * as z from 'zod';
import type { BaseImage } from '../../contracts/entities/image-version.ts';
import type { ConnectionAccess, PlatformCheck } from '../platform.ts';
import { type AzureSnapshot, parseSource, planOf } from './base-image.ts';
import { fails, imageField, looked, passes, setting, withoutEchoes } from '../checks.ts';
import { checkCredentials, checkPermissions, checkSubscriptionPermissions } from './client-check-access.ts';
import { checkEncryption, checkGallery, checkImageName, checkVault } from './client-check-destination.ts';
import { lifeCheck } from './client-credential-life.ts';
import { checkMachine } from './client-check-machine.ts';
import { checkGroups, checkNetwork, checkRegions } from './client-check-places.ts';
import { locationOf } from './client-place.ts';
import type { Session } from './client-session.ts';
import { describeSource, type SourceFacts } from './client-source.ts';
import { ifThere, translateError } from './errors.ts';
import { isSameName } from './names.ts';

const termsAnswer = z.object({ properties: z.object({ accepted: z.boolean() }) });

const checkTerms = async (session: Session, snapshot: AzureSnapshot): Promise<PlatformCheck[]> => {
  const plan = planOf(snapshot);
  if (plan === undefined) return [];
  const { publisher, product, name } = plan;
  const path = `/subscriptions/${session.subscriptionId}/providers/Microsoft.MarketplaceOrdering/offerTypes/virtualmachine/publishers/${publisher}/offers/${product}/plans/${name}/agreements/current`;
  const body = await ifThere(session.read(path, '2021-01-01'));
  const what = `${publisher}:${product}:${name}`;
  if (body !== undefined && termsAnswer.parse(body).properties.accepted)
    return [passes('base-image', `The terms of ${what} are accepted.`)];
  const detail = `The terms of ${what} are not accepted in the subscription.`;
  const remedy = `Accept them once: az vm image terms accept --publisher ${publisher} --offer ${product} --plan ${name}`;
  return [
    fails('base-image', {
      detail,
      field: imageField(snapshot),
      errorId: 'base-image-not-subscribed',
      remedy,
    }),
  ];
};

/** Marketplace images of a plan are only given to who names it; Azure gives none that is deprecated. */
const checkOffer = (
  snapshot: AzureSnapshot,
  { id }: BaseImage,
  facts: SourceFacts | undefined,
): PlatformCheck[] => {
  const field = imageField(snapshot);
  if (facts === undefined) {
    const detail = `The base image ${id} is not there.`;
    return [fails('base-image', { detail, field, errorId: 'base-image-not-found' })];
  }
  const { plan, deprecatedAt } = facts;
  const isMarketplace = parseSource(id)?.kind === 'marketplace';
  if (isMarketplace && deprecatedAt !== undefined && Date.parse(deprecatedAt) <= Date.now()) {
    const detail = `${id} is deprecated: no machine can be made from it any more.`;
    return [fails('base-image', { detail, field, errorId: 'base-image-not-found' })];
  }
  const named = planOf(snapshot);
  if (plan === undefined || (named !== undefined && isSameName(named.name, plan.name))) return [];
  const detail = `${id} has the plan ${plan.publisher}:${plan.product}:${plan.name}, which the operating system does not name.`;
  const remedy =
    'Name the plan in the image of the operating system, and accept its terms in the subscription.';
  return [fails('base-image', { detail, field, errorId: 'base-image-not-subscribed', remedy })];
};

const destination = (key: string): string => setting('sharedImageGalleryDestination', key);
/** What would be in a resource group. */
const ECHOES = {
  [setting('virtualNetworkResourceGroupName')]: [setting('virtualNetworkName')],
  [destination('resourceGroup')]: [destination('galleryName')],
};

/** Everything that a run would meet; each thing is looked at by itself, and all of them at once. */
export const preflight = async (
  session: Session,
  access: ConnectionAccess<AzureSnapshot>,
  baseImage: BaseImage,
): Promise<PlatformCheck[]> => {
  const { snapshot, run } = access;
  const credentials = await checkCredentials(session, '/connection/settings');
  if (credentials.status === 'fail') return [credentials];
  const source = parseSource(baseImage.id);
  const facts = async (): Promise<SourceFacts | undefined> =>
    source && describeSource(session, await locationOf(session, snapshot), source);
  let asked: Promise<SourceFacts | undefined> | undefined;
  const once = (): Promise<SourceFacts | undefined> => (asked ??= facts());
  /** Whoever only compares with the base image goes on without it: what is wrong with it is told once. */
  const known = (): Promise<SourceFacts | undefined> => once().catch(() => undefined);
  const checks = [
    looked(translateError, 'permissions', 'Permissions', () => checkPermissions(session, snapshot)),
    looked(translateError, 'region', 'The regions', () => checkRegions(session, snapshot)),
    looked(translateError, 'resource-group', 'The resource groups', () => checkGroups(session, snapshot)),
    looked(translateError, 'network', 'The network', () => checkNetwork(session, snapshot)),
    looked(translateError, 'machine-type', 'The VM size', async () =>
      checkMachine(session, snapshot, await known()),
    ),
    looked(translateError, 'base-image', 'The base image', async () =>
      checkOffer(snapshot, baseImage, await once()),
    ),
    looked(translateError, 'base-image', 'The terms of the base image', () => checkTerms(session, snapshot)),
    looked(translateError, 'gallery', 'The gallery', async () =>
      checkGallery(session, snapshot, run, await known()),
    ),
    looked(translateError, 'image-name', 'The name of the image', () =>
      checkImageName(session, snapshot, run),
    ),
    looked(translateError, 'encryption-key', 'The disk encryption sets', () =>
      checkEncryption(session, snapshot),
    ),
    looked(translateError, 'key-vault', 'The key vault', () => checkVault(session, snapshot)),
    lifeCheck(session, access).then((check) => [check]),
  ];
  return [credentials, ...withoutEchoes((await Promise.all(checks)).flat(), ECHOES)];
};

/** Whether a connection works, without a run. */
export const verify = async (session: Session): Promise<PlatformCheck[]> => {
  const credentials = await checkCredentials(session, '/settings');
  if (credentials.status === 'fail') return [credentials];
  return [credentials, ...(await checkSubscriptionPermissions(session))];
};
