import type { ResourceSku } from '@azure/arm-compute';
import type { PlatformCheck } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';
import { fails, passes, setting } from '../checks.ts';
import { locationOf } from './client-place.ts';
import type { Session } from './client-session.ts';
import type { SourceFacts } from './client-source.ts';
import { isSameName, processors, regionKey } from './names.ts';

const field = setting('vmSize');
const unfit = (detail: string, blamed = field): PlatformCheck =>
  fails('machine-type', { detail, field: blamed, errorId: 'instance-type-invalid' });

const capability = ({ capabilities = [] }: ResourceSku, name: string): string | undefined =>
  capabilities.find((one) => one.name === name)?.value;

/** Whether a list of words such as `V1,V2` has one; what a size does not tell it is not blamed for. */
const has = (sku: ResourceSku, name: string, word: string): boolean => {
  const told = capability(sku, name);
  return told === undefined || told.split(',').some((one) => isSameName(one.trim(), word));
};

/** The size as the location offers it; undefined when it does not. */
const findSize = async (session: Session, snapshot: AzureSnapshot): Promise<ResourceSku | undefined> => {
  const location = await locationOf(session, snapshot);
  const { vmSize } = snapshot.builderConfiguration.settings;
  for await (const sku of session.compute().resourceSkus.list({ filter: `location eq '${location}'` })) {
    const isOffered = sku.locations?.some((one) => regionKey(one) === location) ?? true;
    if (sku.resourceType === 'virtualMachines' && isOffered && isSameName(sku.name ?? '', vmSize)) return sku;
  }
  return undefined;
};

/** What the size cannot do of what the settings and the base image ask for. */
const misfitsOf = (
  sku: ResourceSku,
  snapshot: AzureSnapshot,
  facts: SourceFacts | undefined,
): PlatformCheck[] => {
  const { builderConfiguration: builder, operatingSystem } = snapshot;
  const { settings } = builder;
  const { vmSize, encryptionAtHost, acceleratedNetworking, diskControllerType } = settings;
  const { architecture } = operatingSystem;
  const misfits: PlatformCheck[] = [];
  if (!has(sku, 'CpuArchitectureType', processors[architecture]))
    misfits.push(
      fails('machine-type', {
        detail: `${vmSize} is not for ${architecture}, which the operating system is for.`,
        field,
        errorId: 'architecture-mismatch',
      }),
    );
  if (facts?.generation !== undefined && !has(sku, 'HyperVGenerations', facts.generation))
    misfits.push(unfit(`${vmSize} cannot boot the base image, which is of generation ${facts.generation}.`));
  if (encryptionAtHost === true && !has(sku, 'EncryptionAtHostSupported', 'True'))
    misfits.push(unfit(`${vmSize} has no encryption at host.`, setting('encryptionAtHost')));
  if (acceleratedNetworking === true && !has(sku, 'AcceleratedNetworkingEnabled', 'True'))
    misfits.push(unfit(`${vmSize} has no accelerated networking.`, setting('acceleratedNetworking')));
  if (diskControllerType !== undefined && !has(sku, 'DiskControllerTypes', diskControllerType))
    misfits.push(
      unfit(`${vmSize} has no disk controller ${diskControllerType}.`, setting('diskControllerType')),
    );
  return misfits;
};

const restrictionOf = ({ restrictions = [] }: ResourceSku): string | undefined =>
  restrictions.find(({ type }) => type === 'Location')?.reasonCode;

const sizeChecks = (
  sku: ResourceSku | undefined,
  location: string,
  snapshot: AzureSnapshot,
  facts: SourceFacts | undefined,
): PlatformCheck[] => {
  const { vmSize } = snapshot.builderConfiguration.settings;
  if (sku === undefined) return [unfit(`${location} has no VM size ${vmSize}.`)];
  const restriction = restrictionOf(sku);
  if (restriction !== undefined)
    return [unfit(`The subscription may not have ${vmSize} in ${location} (${restriction}).`)];
  const misfits = misfitsOf(sku, snapshot, facts);
  return misfits.length > 0 ? misfits : [passes('machine-type', `${location} offers ${vmSize}.`)];
};

/** Limits that a machine of this size counts against. */
const limitsOf = (sku: ResourceSku, isSpot: boolean): string[] =>
  isSpot ? ['lowPriorityCores'] : ['cores', ...(sku.family === undefined ? [] : [sku.family])];

const quotaChecks = async (
  session: Session,
  sku: ResourceSku,
  location: string,
  isSpot: boolean,
): Promise<PlatformCheck[]> => {
  const needed = Number(capability(sku, 'vCPUs') ?? 1);
  const names = limitsOf(sku, isSpot);
  const exceeded: PlatformCheck[] = [];
  for await (const { name, currentValue, limit } of session.compute().usage.list(location)) {
    const isMeant = names.some((one) => isSameName(one, name.value ?? ''));
    if (!isMeant || currentValue + needed <= limit) continue;
    const detail = `${sku.name} needs ${needed} vCPUs, and of the ${limit} of "${name.localizedValue ?? name.value}" in ${location} ${currentValue} are used.`;
    exceeded.push(fails('quota', { detail, field, errorId: 'quota-exceeded' }));
  }
  return exceeded.length > 0 ? exceeded : [passes('quota', `${location} has room for ${needed} more vCPUs.`)];
};

/** Whether the location offers the size to the subscription, the size fits, and there is quota for one. */
export const checkMachine = async (
  session: Session,
  snapshot: AzureSnapshot,
  facts: SourceFacts | undefined,
): Promise<PlatformCheck[]> => {
  const [sku, location] = await Promise.all([findSize(session, snapshot), locationOf(session, snapshot)]);
  const size = sizeChecks(sku, location, snapshot, facts);
  if (sku === undefined) return size;
  const isSpot = snapshot.builderConfiguration.settings.spot !== undefined;
  return [...size, ...(await quotaChecks(session, sku, location, isSpot))];
};
