import type { Locator } from '../../contracts/entities/image-version.ts';
import { type FoundLeftover, type Owner, PlatformError, type TaggedResource } from '../platform.ts';
import { imagesOf } from './base-image.ts';
import { locate } from './client-images.ts';
import { removeOfRun } from './client-leftovers.ts';
import type { Session } from './client-session.ts';
import {
  DEPLOYMENT_LABEL,
  imagePath,
  kinds,
  labelValue,
  lastPart,
  RUN_LABEL,
  runOfLabel,
  WORKSPACE_LABEL,
  zonePath,
} from './names.ts';

type Labelled = {
  name?: string | null;
  zone?: string | null;
  labels?: { [key: string]: string } | null;
};

/** The run of a thing of the owner; undefined of all else. */
const runOf = ({ labels }: Labelled, { deploymentId, workspaceId }: Owner): string | undefined =>
  labels?.[DEPLOYMENT_LABEL] === labelValue(deploymentId) &&
  labels[WORKSPACE_LABEL] === labelValue(workspaceId)
    ? runOfLabel(labels[RUN_LABEL] ?? '')
    : undefined;

/** VMs of all zones. */
const listInstances = async (
  { compute, projectId: project }: Session,
  filter: string,
): Promise<Labelled[]> => {
  const found: Labelled[] = [];
  const instances = await compute.instances();
  for await (const [, { instances: some }] of instances.aggregatedListAsync(
    { project, filter },
    { autoPaginate: false },
  ))
    found.push(...(some ?? []));
  return found;
};

const listImages = async (
  { compute, patient, projectId: project }: Session,
  filter: string,
): Promise<Labelled[]> => {
  const images = await compute.images();
  const [found] = await images.list({ project, filter }, patient);
  return found;
};

/**
 * All that carries the owner's labels in the connection's project. Disks have no labels and are found by their run
 * alone, as are images in another project.
 */
export const findTagged = async (session: Session, owner: Owner): Promise<TaggedResource[]> => {
  const { projectId } = session;
  const filter = `labels.${DEPLOYMENT_LABEL}=${labelValue(owner.deploymentId)}`;
  const [instances, images] = await Promise.all([
    listInstances(session, filter),
    listImages(session, filter),
  ]);
  const tagged = (
    one: Labelled,
    isImage: boolean,
    leftover: (name: string) => FoundLeftover,
  ): TaggedResource[] => {
    const runId = runOf(one, owner);
    if (runId === undefined || typeof one.name !== 'string') return [];
    const found = leftover(one.name);
    return [
      {
        ...found,
        runId,
        isImage,
        remove: () => removeOfRun(session, { runId, imageProjectId: projectId }, found),
      },
    ];
  };
  return [
    ...instances.flatMap((one) =>
      tagged(one, false, (name) => ({
        kind: kinds.instance,
        locator: zonePath('instances', { projectId, zone: lastPart(one.zone ?? ''), name }),
      })),
    ),
    ...images.flatMap((one) =>
      tagged(one, true, (image) => ({ kind: kinds.image, locator: imagePath({ projectId, image }) })),
    ),
  ];
};

/** Those of the images that are there. Google tells a project that may not be seen from an image that is gone. */
export const locateInAccount = async (session: Session, locators: Locator[]): Promise<Locator[]> => {
  const images = imagesOf(locators);
  if (images.length < locators.length)
    throw new PlatformError('unclassified', 'The image is on another platform than the connection.');
  return locate(session, images);
};
