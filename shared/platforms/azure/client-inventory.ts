import type { Locator } from '../../contracts/entities/image-version.ts';
import { type FoundLeftover, type Owner, PlatformError, type TaggedResource } from '../platform.ts';
import { locate } from './client-images.ts';
import { kindOf, removeLeftover, tagOf } from './client-leftovers.ts';
import { findNamed } from './client-named.ts';
import type { Session } from './client-session.ts';
import { isForbidden } from './errors.ts';
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

type Found = FoundLeftover & Pick<TaggedResource, 'runId'>;

const findGroups = async (session: Session, owner: Owner, filter: string): Promise<Found[]> => {
  const found: Found[] = [];
  for await (const { id = '', name = '', tags } of session.resources().resourceGroups.list({ filter })) {
    const runId = runOf(tags, owner);
    if (runId !== undefined && isSameName(name, temporaryGroupName(runId)))
      found.push({ kind: kinds.resourceGroup, locator: id, runId });
  }
  return found;
};

const groupOf = (id: string): string => parseResourceId(id)?.resourceGroup ?? '';

const findResources = async (session: Session, owner: Owner, filter: string): Promise<Found[]> => {
  const found: Found[] = [];
  for await (const { id = '', tags } of session.resources().resources.list({ filter })) {
    const runId = runOf(tags, owner);
    const kind = kindOf(id);
    const isInOwnGroup = runOfGroup(groupOf(id)) !== undefined;
    if (runId !== undefined && kind !== undefined && !isInOwnGroup) found.push({ kind, locator: id, runId });
  }
  return found;
};

/** Disks and deployments in the groups of other temporary things of their runs; none where they may not be listed. */
const findUntagged = async (session: Session, tagged: Found[]): Promise<Found[]> => {
  const beside = tagged.filter(({ kind }) => !IMAGES.has(kind));
  const groups = Map.groupBy(beside, ({ locator }) => groupOf(locator).toLowerCase());
  const found = await Promise.all(
    [...groups].map(async ([group, some]) => {
      const runIds = [...new Set(some.map(({ runId }) => runId))];
      return findNamed(session, group, runIds).catch((error: unknown) => {
        if (isForbidden(error)) return [];
        throw error;
      });
    }),
  );
  return found.flat().flatMap(({ id, runId }): Found[] => {
    const kind = kindOf(id);
    return kind === undefined ? [] : [{ kind, locator: id, runId }];
  });
};

/**
 * All that carries the owner's tags in the connection's subscription. What is in a run's own resource group goes with the
 * group; disks and deployments carry no tags and are found by their names beside other things of their run.
 */
export const findTagged = async (session: Session, owner: Owner): Promise<TaggedResource[]> => {
  const filter = `tagName eq '${DEPLOYMENT_TAG}' and tagValue eq '${quoted(owner.deploymentId)}'`;
  const groups = await findGroups(session, owner, filter);
  const tagged = await findResources(session, owner, filter);
  const untagged = await findUntagged(session, tagged);
  const order: string[] = Object.values(kinds);
  return [...groups, ...tagged, ...untagged]
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map((one) => {
      const run = { runId: one.runId, deploymentId: owner.deploymentId };
      return { ...one, isImage: IMAGES.has(one.kind), remove: () => removeLeftover(session, one, run) };
    });
};

/** Those of the images that are there. Azure tells a subscription that may not be seen from an image that is gone. */
export const locateInAccount = async (session: Session, locators: Locator[]): Promise<Locator[]> => {
  if (locators.some((locator) => !('subscriptionId' in locator)))
    throw new PlatformError('unclassified', 'The image is on another platform than the connection.');
  return locate(session, locators);
};
