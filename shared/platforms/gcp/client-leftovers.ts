import type { protos } from '@google-cloud/compute';
import type { BuildVm } from '../../contracts/entities/run.ts';
import { type ConnectionAccess, type FoundLeftover, PlatformError, type RunIdentity } from '../platform.ts';
import { type GcpSnapshot, imageProjectOf, projectOf, regionOf } from './base-image.ts';
import { readImage } from './client-images.ts';
import type { Session } from './client-session.ts';
import { isGone } from './errors.ts';
import {
  DEPLOYMENT_LABEL,
  type ImagePlace,
  imagePath,
  kinds,
  labelValue,
  lastPart,
  machineName,
  parseImagePath,
  parseZonePath,
  RUN_LABEL,
  type ZonePlace,
  zonePath,
} from './names.ts';
import { gcpLogin } from './source.ts';

type Instance = protos.google.cloud.compute.v1.IInstance;
type Operation = protos.google.cloud.compute.v1.IOperation;
type Labels = { [key: string]: string } | null | undefined;

/** A waiting call comes back after two minutes, whether the operation is done or not ("zoneOperations.wait"). */
const WAITS = 2;
const WAIT_MILLISECONDS = 130_000;

/** Whose labels a thing must carry: an id of a run says nothing of whose deployment it is. */
type Run = Pick<RunIdentity, 'runId' | 'deploymentId'>;

const carriesRun = (labels: Labels, { runId, deploymentId }: Run): boolean =>
  labels?.[RUN_LABEL] === labelValue(runId) && labels[DEPLOYMENT_LABEL] === labelValue(deploymentId);
const labelFilter = (runId: string): string => `labels.${RUN_LABEL}=${labelValue(runId)}`;

const findInstances = async (
  { compute, patient, projectId: project }: Session,
  zone: string,
  run: Run,
): Promise<Instance[]> => {
  const instances = await compute.instances();
  const [found] = await instances.list({ project, zone, filter: labelFilter(run.runId) }, patient);
  return found.filter(({ labels }) => carriesRun(labels, run));
};

const addressOf = ({ networkInterfaces }: Instance, isInside: boolean): string | undefined => {
  const [first] = networkInterfaces ?? [];
  const outside = first?.accessConfigs?.find(({ natIP }) => typeof natIP === 'string' && natIP !== '')?.natIP;
  const address = (isInside ? undefined : outside) ?? first?.networkIP ?? undefined;
  return address === '' ? undefined : address;
};

/** The instance that carries the run's label. */
export const describeBuildVm = async (
  session: Session,
  { snapshot, run }: ConnectionAccess<GcpSnapshot>,
): Promise<BuildVm | undefined> => {
  const { zone, useInternalIp, useIap } = snapshot.builderConfiguration.settings;
  const [instance] = await findInstances(session, zone, run);
  if (typeof instance?.name !== 'string') return undefined;
  const address = addressOf(instance, useInternalIp === true || useIap === true);
  return {
    kind: kinds.instance,
    locator: zonePath('instances', { projectId: session.projectId, zone, name: instance.name }),
    region: regionOf(snapshot),
    ...(address === undefined ? {} : { address }),
    user: gcpLogin(snapshot).username,
  };
};

/** Packer cannot label a disk: it is known by its name, which is made from the run's id. */
const hasDisk = async ({ compute, patient }: Session, place: ZonePlace): Promise<boolean> => {
  const disks = await compute.disks();
  try {
    await disks.get({ project: place.projectId, zone: place.zone, disk: place.name }, patient);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
};

/** Images that carry the run's label: of a run that made one and did not succeed. Never asked of a succeeded one. */
const findImages = async (
  { compute, patient }: Session,
  projectId: string,
  run: Run,
): Promise<ImagePlace[]> => {
  const images = await compute.images();
  const [found] = await images.list({ project: projectId, filter: labelFilter(run.runId) }, patient);
  return found
    .filter(({ labels }) => carriesRun(labels, run))
    .flatMap(({ name }) => (typeof name === 'string' ? [{ projectId, image: name }] : []));
};

/**
 * What a run left behind, in the order in which it can be deleted. What the runner reported is not looked at: scripts
 * print into the same output.
 */
export const findLeftovers = async (
  session: Session,
  { snapshot, run }: ConnectionAccess<GcpSnapshot>,
): Promise<FoundLeftover[]> => {
  const { zone } = snapshot.builderConfiguration.settings;
  const disk = { projectId: projectOf(snapshot), zone, name: machineName(run.runId) };
  const [instances, images, isDiskThere] = await Promise.all([
    findInstances(session, zone, run),
    findImages(session, imageProjectOf(snapshot), run),
    hasDisk(session, disk),
  ]);
  const named = instances.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
  return [
    ...named.map((name) => ({ kind: kinds.instance, locator: zonePath('instances', { ...disk, name }) })),
    ...images.map((place) => ({ kind: kinds.image, locator: imagePath(place) })),
    ...(isDiskThere ? [{ kind: kinds.disk, locator: zonePath('disks', disk) }] : []),
  ];
};

/** Waits for an operation to be done. Throws PlatformError with what it ended with. */
const finish = async (first: Operation, wait: (name: string) => Promise<Operation>): Promise<void> => {
  let operation = first;
  for (let round = 0; operation.status !== 'DONE' && round < WAITS; round += 1)
    operation = await wait(operation.name ?? '');
  if (operation.status !== 'DONE')
    throw new PlatformError('unclassified', `${operation.name ?? 'The operation'} was not done in time.`);
  const errors = operation.error?.errors ?? [];
  if (errors.length > 0) throw new Error(errors.map(({ code, message }) => `${code}: ${message}`).join('; '));
};

const waiting = { timeout: WAIT_MILLISECONDS };

const finishInZone = async (session: Session, place: ZonePlace, name: string | null | undefined) => {
  const operations = await session.compute.zoneOperations();
  await finish({ name }, async (operation) => {
    const [answer] = await operations.wait(
      { project: place.projectId, zone: place.zone, operation },
      waiting,
    );
    return answer;
  });
};

const foreign = ({ kind, locator }: FoundLeftover): PlatformError =>
  new PlatformError('unclassified', `${kind} ${locator} is none of this run, so it stays.`);

type Access = ConnectionAccess<GcpSnapshot>;
/** The run whose label a thing must carry, and the project that its images are in. */
type OfRun = { run: Run; imageProjectId: string };

const removeInstance = async (session: Session, { run }: OfRun, leftover: FoundLeftover): Promise<void> => {
  const place = parseZonePath('instances', leftover.locator);
  if (place?.projectId !== session.projectId) throw foreign(leftover);
  const { projectId: project, zone, name: instance } = place;
  const instances = await session.compute.instances();
  const [found] = await instances.get({ project, zone, instance }, session.patient);
  if (!carriesRun(found.labels, run)) throw foreign(leftover);
  const [operation] = await instances.delete({ project, zone, instance });
  await finishInZone(session, place, nameOfOperation(operation.latestResponse));
};

const removeDisk = async (session: Session, { run }: OfRun, leftover: FoundLeftover): Promise<void> => {
  const place = parseZonePath('disks', leftover.locator);
  if (place?.projectId !== session.projectId || place.name !== machineName(run.runId))
    throw foreign(leftover);
  const { projectId: project, zone, name: disk } = place;
  const disks = await session.compute.disks();
  const [operation] = await disks.delete({ project, zone, disk });
  await finishInZone(session, place, nameOfOperation(operation.latestResponse));
};

const removeImage = async (
  session: Session,
  { run, imageProjectId }: OfRun,
  leftover: FoundLeftover,
): Promise<void> => {
  const place = parseImagePath(leftover.locator);
  if (place?.projectId !== imageProjectId) throw foreign(leftover);
  const found = await readImage(session, place);
  if (found === undefined) return;
  if (!carriesRun(found.labels, run)) throw foreign(leftover);
  const images = await session.compute.images();
  const [operation] = await images.delete({ project: place.projectId, image: place.image });
  const operations = await session.compute.globalOperations();
  await finish({ name: nameOfOperation(operation.latestResponse) }, async (name) => {
    const [answer] = await operations.wait({ project: place.projectId, operation: name }, waiting);
    return answer;
  });
};

const nameOfOperation = (answer: { name?: string | null } | null | undefined): string =>
  lastPart(answer?.name ?? '');

const removers: Record<string, typeof removeInstance> = {
  [kinds.instance]: removeInstance,
  [kinds.disk]: removeDisk,
  [kinds.image]: removeImage,
};

/** Deletes one thing of a run and waits for it; what is gone already is fine. What is not of this run stays. */
export const removeOfRun = async (session: Session, of: OfRun, leftover: FoundLeftover): Promise<void> => {
  const remove = removers[leftover.kind];
  if (remove === undefined) throw foreign(leftover);
  try {
    await remove(session, of, leftover);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

/** The same for one leftover of a run whose snapshot is known. */
export const removeLeftover = (
  session: Session,
  { run, snapshot }: Access,
  leftover: FoundLeftover,
): Promise<void> => removeOfRun(session, { run, imageProjectId: imageProjectOf(snapshot) }, leftover);
