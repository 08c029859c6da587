import type { protos } from '@google-cloud/compute';
import { PlatformError } from '../platform.ts';
import { type GcpSnapshot, projectOf, regionOf } from './base-image.ts';
import { check, fail, pass, settingField, type Verdict, warn } from './client-check.ts';
import { architectures } from './client-images.ts';
import type { Session } from './client-session.ts';
import { isGone } from './errors.ts';
import { DEFAULT_MACHINE_TYPE } from './source.ts';

type MachineType = protos.google.cloud.compute.v1.IMachineType;
type Settings = GcpSnapshot['builderConfiguration']['settings'];

/** Throws what `absent` makes where the resource is not there. */
const demand = async <T>(look: Promise<T>, absent: () => PlatformError): Promise<T> => {
  try {
    return await look;
  } catch (error) {
    throw isGone(error) ? absent() : error;
  }
};

/** What a thing that is not there means for the build. */
const orFail = async (look: () => Promise<Verdict>): Promise<Verdict> => {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PlatformError) return fail(error.errorId, error.message);
    throw error;
  }
};

const checkZone = ({ compute, patient, projectId: project }: Session, zone: string) =>
  orFail(async () => {
    const zones = await compute.zones();
    const absent = () => new PlatformError('region-invalid', `There is no zone ${zone}.`);
    const [found] = await demand(zones.get({ project, zone }, patient), absent);
    if (found.status !== 'UP') return fail('region-invalid', `The zone ${zone} is not up: ${found.status}.`);
    return typeof found.deprecated?.state === 'string' && found.deprecated.state !== 'ACTIVE'
      ? warn('region-invalid', `The zone ${zone} is deprecated.`)
      : pass(zone);
  });

const typeOf = (settings: Settings): string => settings.machineType ?? DEFAULT_MACHINE_TYPE;

const readMachineType = async (session: Session, settings: Settings): Promise<MachineType> => {
  const machineTypes = await session.compute.machineTypes();
  const { zone } = settings;
  const machineType = typeOf(settings);
  const absent = () =>
    new PlatformError('instance-type-invalid', `The machine type ${machineType} is not in ${zone}.`);
  const look = machineTypes.get({ project: session.projectId, zone, machineType }, session.patient);
  const [found] = await demand(look, absent);
  return found;
};

const checkMachineType = (session: Session, { operatingSystem, builderConfiguration }: GcpSnapshot) =>
  orFail(async () => {
    const { settings } = builderConfiguration;
    const { architecture, deprecated } = await readMachineType(session, settings);
    const wanted = architectures[operatingSystem.architecture];
    const isKnown = typeof architecture === 'string' && /^(X86_64|ARM64)$/.test(architecture);
    if (isKnown && architecture !== wanted)
      return fail(
        'architecture-mismatch',
        `The machine type ${typeOf(settings)} is for ${architecture}, the operating system for ${wanted}.`,
      );
    return typeof deprecated?.state === 'string' && deprecated.state !== 'ACTIVE'
      ? warn('instance-type-invalid', `The machine type ${typeOf(settings)} is deprecated.`)
      : pass(typeOf(settings));
  });

type Quota = { metric: string; limit: number; usage: number };

/** Families that share the quota CPUS; any other has one of its own, also where it is not told. */
const IN_COMMON = ['E2', 'N1', 'F1', 'G1'];

/**
 * The quota that a machine's processors are counted against: that of its family where there is one, else CPUS. That of
 * preemptible machines counts once it is above zero. Source: Compute Engine, "Allocation quotas", CPU quota.
 */
const quotaOf = (quotas: readonly Quota[], settings: Settings): Quota | undefined => {
  const metric = (name: string) => quotas.find((quota) => quota.metric === name);
  const preemptible = settings.preemptible === true ? metric('PREEMPTIBLE_CPUS') : undefined;
  if (preemptible !== undefined && preemptible.limit > 0) return preemptible;
  const family = typeOf(settings).split('-')[0]?.toUpperCase() ?? '';
  return metric(`${family}_CPUS`) ?? (IN_COMMON.includes(family) ? metric('CPUS') : undefined);
};

const quotasIn = async (
  { compute, patient, projectId: project }: Session,
  region: string,
): Promise<Quota[]> => {
  const regions = await compute.regions();
  const [{ quotas }] = await regions.get({ project, region }, patient);
  return (quotas ?? []).map(({ metric, limit, usage }) => ({
    metric: String(metric),
    limit: limit ?? 0,
    usage: usage ?? 0,
  }));
};

const checkQuota = async (session: Session, snapshot: GcpSnapshot): Promise<Verdict> => {
  const { settings } = snapshot.builderConfiguration;
  const region = regionOf(snapshot);
  const [{ guestCpus }, quotas] = await Promise.all([
    readMachineType(session, settings),
    quotasIn(session, region),
  ]);
  const quota = quotaOf(quotas, settings);
  if (quota === undefined || typeof guestCpus !== 'number')
    return warn('quota-exceeded', `${region} tells no quota for ${typeOf(settings)}.`);
  const { metric, limit, usage } = quota;
  const free = `${metric} in ${region}: ${usage} of ${limit} are used, ${guestCpus} are needed`;
  return usage + guestCpus > limit ? fail('quota-exceeded', free) : pass(free);
};

/** Parts of a network's or subnetwork's name, path or URL. */
const placeOf = (reference: string) => {
  const [, projectId] = /projects\/([^/]+)\//.exec(reference) ?? [];
  const [, region] = /\/regions\/([^/]+)\//.exec(reference) ?? [];
  return { projectId, region, name: reference.slice(reference.lastIndexOf('/') + 1) };
};

const checkNetwork = (session: Session, snapshot: GcpSnapshot, reference: string) =>
  orFail(async () => {
    const { networkProjectId, subnetwork } = snapshot.builderConfiguration.settings;
    const { projectId: named, name: network } = placeOf(reference);
    const project = named ?? networkProjectId ?? projectOf(snapshot);
    const networks = await session.compute.networks();
    const absent = () =>
      new PlatformError('network-not-found', `There is no network ${network} in ${project}.`);
    const [found] = await demand(networks.get({ project, network }, session.patient), absent);
    return found.autoCreateSubnetworks === false && subnetwork === undefined
      ? fail(
          'network-not-found',
          `The network ${network} has subnetworks of its own choice: one must be named.`,
          'Name a subnetwork in the builder configuration.',
        )
      : pass(`${network} in ${project}`);
  });

const checkSubnetwork = (session: Session, snapshot: GcpSnapshot, reference: string) =>
  orFail(async () => {
    const { projectId: named, region: namedRegion, name: subnetwork } = placeOf(reference);
    const project = named ?? snapshot.builderConfiguration.settings.networkProjectId ?? projectOf(snapshot);
    const region = regionOf(snapshot);
    if (namedRegion !== undefined && namedRegion !== region)
      return fail(
        'network-not-found',
        `The subnetwork ${subnetwork} is in ${namedRegion}, the zone in ${region}.`,
      );
    const subnetworks = await session.compute.subnetworks();
    const absent = () =>
      new PlatformError(
        'network-not-found',
        `There is no subnetwork ${subnetwork} in ${region} of ${project}.`,
      );
    const look = subnetworks.get({ project, region, subnetwork }, session.patient);
    const [{ network: own }] = await demand(look, absent);
    const { network } = snapshot.builderConfiguration.settings;
    const isOther =
      network !== undefined && typeof own === 'string' && placeOf(own).name !== placeOf(network).name;
    return isOther
      ? fail(
          'network-not-found',
          `The subnetwork ${subnetwork} is of the network ${placeOf(own).name}, not of ${placeOf(network).name}.`,
          'Name the network of the subnetwork, or none.',
        )
      : pass(`${subnetwork} in ${region} of ${project}`);
  });

const checkDiskType = ({ compute, patient, projectId: project }: Session, zone: string, diskType: string) =>
  orFail(async () => {
    const diskTypes = await compute.diskTypes();
    const absent = () =>
      new PlatformError('builder-setting-invalid', `The disk type ${diskType} is not in ${zone}.`);
    await demand(diskTypes.get({ project, zone, diskType }, patient), absent);
    return pass(diskType);
  });

/** What Packer takes where a builder names no disk type. */
const DEFAULT_DISK_TYPE = 'pd-standard';

/** Where the build VM stands: zone, machine type, quota, network and disk. */
export const placeChecks = (session: Session, snapshot: GcpSnapshot) => {
  const { settings } = snapshot.builderConfiguration;
  const { zone, network, subnetwork, diskType = DEFAULT_DISK_TYPE } = settings;
  // Packer takes the default network only where neither is named.
  const networkName = network ?? (subnetwork === undefined ? 'default' : undefined);
  return [
    check('region', settingField('zone'), () => checkZone(session, zone)),
    check('machine-type', settingField('machineType'), () => checkMachineType(session, snapshot)),
    check('quota', settingField('machineType'), () => checkQuota(session, snapshot)),
    ...(networkName === undefined
      ? []
      : [check('network', settingField('network'), () => checkNetwork(session, snapshot, networkName))]),
    ...(subnetwork === undefined
      ? []
      : [check('network', settingField('subnetwork'), () => checkSubnetwork(session, snapshot, subnetwork))]),
    check('disk', settingField('diskType'), () => checkDiskType(session, zone, diskType)),
  ];
};
