import type { Locator } from '../../contracts/entities/image-version.ts';
import { type Owner, PlatformError, type TaggedResource } from '../platform.ts';
import { locate } from './client-images.ts';
import { kindOf, removeLeftover, tagOf } from './client-leftovers.ts';
import type { Session } from './client-session.ts';
import {
  DEPLOYMENT_TAG,
  isSameName,
  kinds,
  RUN_TAG,
  runOfGroup,
  temporaryGroupName,
  WORKSPACE_TAG,
} from './names.ts';
import { parseResourceId } from './resource-id.ts';

type Tags = Record<string, string> | undefined;

const IMAGES = new Set<string>([kinds.image, kinds.galleryVersion, kinds.snapshot]);

/** The run of a thing of the owner; undefined of all else. */
const runOf = (tags: Tags, { workspaceId, deploymentId }: Owner): string | undefined =>
  tagOf(tags, WORKSPACE_TAG) === workspaceId && tagOf(tags, DEPLOYMENT_TAG) === deploymentId
    ? tagOf(tags, RUN_TAG)
    : undefined;

const quoted = (text: string): string => text.replaceAll("'", "''");

/**
 * All that carries the owner's tags in the connection's subscription. What is in a run's own resource group goes with the
 * group; disks carry no tags and are found by their run alone.
 */
export const findTagged = async (session: Session, owner: Owner): Promise<TaggedResource[]> => {
  const { resources, resourceGroups } = session.resources();
  const filter = `tagName eq '${DEPLOYMENT_TAG}' and tagValue eq '${quoted(owner.deploymentId)}'`;
  const found: TaggedResource[] = [];
  const add = (leftover: { kind: string; locator: string }, runId: string): void => {
    const remove = () => removeLeftover(session, leftover, runId);
    found.push({ ...leftover, runId, isImage: IMAGES.has(leftover.kind), remove });
  };
  for await (const { id = '', name = '', tags } of resourceGroups.list({ filter })) {
    const runId = runOf(tags, owner);
    if (runId !== undefined && isSameName(name, temporaryGroupName(runId)))
      add({ kind: kinds.resourceGroup, locator: id }, runId);
  }
  for await (const { id = '', tags } of resources.list({ filter })) {
    const runId = runOf(tags, owner);
    const kind = kindOf(id);
    const isInOwnGroup = runOfGroup(parseResourceId(id)?.resourceGroup ?? '') !== undefined;
    if (runId !== undefined && kind !== undefined && !isInOwnGroup) add({ kind, locator: id }, runId);
  }
  const order: string[] = Object.values(kinds);
  return found.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
};

/** Those of the images that are there. Azure tells a subscription that may not be seen from an image that is gone. */
export const locateInAccount = async (session: Session, locators: Locator[]): Promise<Locator[]> => {
  if (locators.some((locator) => !('subscriptionId' in locator)))
    throw new PlatformError('unclassified', 'The image is on another platform than the connection.');
  return locate(session, locators);
};
