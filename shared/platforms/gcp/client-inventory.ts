import type { protos } from '@google-cloud/compute';
import type { Locator } from '../../contracts/entities/image-version.ts';
import { type FoundLeftover, type Owner, PlatformError, type TaggedResource } from '../platform.ts';
import { imagesOf } from './base-image.ts';
import { locate } from './client-images.ts';
import { removeOfRun } from './client-leftovers.ts';
import type { Session } from './client-session.ts';
import { isForbidden } from './errors.ts';
import {
  ANY_MACHINE,
  DEPLOYMENT_LABEL,
  imagePath,
  kinds,
  labelValue,
  lastPart,
  RUN_LABEL,
  runOfLabel,
  runOfMachine,
  WORKSPACE_LABEL,
  zonePath,
} from './names.ts';

type Disk = protos.google.cloud.compute.v1.IDisk;
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

/** Disks of all zones that have the name of a run's disk; none where the connection may not list them. */
const listDisks = async ({ compute, projectId: project }: Session): Promise<Disk[]> => {
  const found: Disk[] = [];
  const disks = await compute.disks();
  try {
    for await (const [, { disks: some }] of disks.aggregatedListAsync(
      { project, filter: ANY_MACHINE },
      { autoPaginate: false },
    ))
      found.push(...(some ?? []));
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  return found;
};

type Placed = FoundLeftover & Pick<TaggedResource, 'runId' | 'isImage' | 'isNamed'>;

const placesOf = (
  found: Labelled[],
  owner: Owner,
  place: (name: string, one: Labelled) => Omit<Placed, 'runId'>,
): Placed[] =>
  found.flatMap((one) => {
    const runId = runOf(one, owner);
    return runId === undefined || typeof one.name !== 'string' ? [] : [{ ...place(one.name, one), runId }];
  });

/** The disk of a run: with the owner's machine, or of nobody. Without labels nobody knows then whose run it is. */
const placeOfDisk = (projectId: string, disk: Disk, machines: Set<string>): Placed[] => {
  const name = disk.name ?? '';
  const zone = lastPart(disk.zone ?? '');
  const runId = runOfMachine(name);
  const users = disk.users ?? [];
  const isOwn = machines.has(zonePath('instances', { projectId, zone, name }));
  if (runId === undefined || (users.length > 0 && !isOwn)) return [];
  const locator = zonePath('disks', { projectId, zone, name });
  return [{ kind: kinds.disk, locator, runId, isImage: false, ...(isOwn ? {} : { isNamed: true }) }];
};

/**
 * All that carries the owner's labels in the connection's project, and disks, which Packer cannot label: by their machine,
 * or by their name. Images in another project are found by their run alone.
 */
export const findTagged = async (session: Session, owner: Owner): Promise<TaggedResource[]> => {
  const { projectId } = session;
  const filter = `labels.${DEPLOYMENT_LABEL}=${labelValue(owner.deploymentId)}`;
  const [instances, images, disks] = await Promise.all([
    listInstances(session, filter),
    listImages(session, filter),
    listDisks(session),
  ]);
  const machines = placesOf(instances, owner, (name, { zone }) => ({
    kind: kinds.instance,
    locator: zonePath('instances', { projectId, zone: lastPart(zone ?? ''), name }),
    isImage: false,
  }));
  const made = placesOf(images, owner, (image) => ({
    kind: kinds.image,
    locator: imagePath({ projectId, image }),
    isImage: true,
  }));
  const names = new Set(machines.map(({ locator }) => locator));
  const all = [...machines, ...made, ...disks.flatMap((disk) => placeOfDisk(projectId, disk, names))];
  return all.map((one) => {
    const run = { runId: one.runId, deploymentId: owner.deploymentId };
    return { ...one, remove: () => removeOfRun(session, { run, imageProjectId: projectId }, one) };
  });
};

/** Those of the images that are there. Google tells a project that may not be seen from an image that is gone. */
export const locateInAccount = async (session: Session, locators: Locator[]): Promise<Locator[]> => {
  const images = imagesOf(locators);
  if (images.length < locators.length)
    throw new PlatformError('unclassified', 'The image is on another platform than the connection.');
  return locate(session, images);
};
