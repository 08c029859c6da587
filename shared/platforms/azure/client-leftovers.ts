import { galleryVersion } from '../../domain/definition/image-name.ts';
import type { BuildVm } from '../../contracts/entities/run.ts';
import { type ConnectionAccess, type FoundLeftover, PlatformError, type RunIdentity } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import type { AzureSnapshot } from './base-image.ts';
import { DEPLOYMENTS_VERSION, findNamed } from './client-named.ts';
import type { Session } from './client-session.ts';
import { ifThere, isGone } from './errors.ts';
import {
  type AzureKind,
  DEPLOYMENT_TAG,
  isDeploymentOfRun,
  isDiskOfRun,
  isSameName,
  kinds,
  RUN_TAG,
  temporaryGroupName,
  vmName,
} from './names.ts';
import {
  DEPLOYMENT,
  GALLERY_VERSION,
  MANAGED_IMAGE,
  parseResourceId,
  resourceIdOf,
  VIRTUAL_MACHINE,
} from './resource-id.ts';
import { azureLogin } from './source.ts';

type Access = ConnectionAccess<AzureSnapshot>;
type Tags = Record<string, string> | undefined;

/**
 * Types of what a run makes outside of its own resource group, in the order in which they can be deleted, with the
 * version of the interface that reads and deletes them.
 */
const types: { type: string; kind: AzureKind; apiVersion: string }[] = [
  { type: VIRTUAL_MACHINE, kind: kinds.vm, apiVersion: '2024-07-01' },
  { type: 'Microsoft.Network/networkInterfaces', kind: kinds.networkInterface, apiVersion: '2024-05-01' },
  { type: 'Microsoft.Network/publicIPAddresses', kind: kinds.publicAddress, apiVersion: '2024-05-01' },
  { type: 'Microsoft.Network/virtualNetworks', kind: kinds.network, apiVersion: '2024-05-01' },
  { type: 'Microsoft.Network/networkSecurityGroups', kind: kinds.securityGroup, apiVersion: '2024-05-01' },
  { type: 'Microsoft.KeyVault/vaults', kind: kinds.keyVault, apiVersion: '2023-07-01' },
  { type: 'Microsoft.Compute/disks', kind: kinds.disk, apiVersion: '2024-03-02' },
  { type: 'Microsoft.Compute/snapshots', kind: kinds.snapshot, apiVersion: '2024-03-02' },
  { type: GALLERY_VERSION, kind: kinds.galleryVersion, apiVersion: '2023-07-03' },
  { type: MANAGED_IMAGE, kind: kinds.image, apiVersion: '2024-07-01' },
  // One that still goes on cannot be deleted yet.
  { type: DEPLOYMENT, kind: kinds.deployment, apiVersion: DEPLOYMENTS_VERSION },
];
const typeOf = (id: string) => {
  const type = parseResourceId(id)?.type ?? '';
  return types.find((one) => isSameName(one.type, type));
};

/** Kind of what a resource id names; undefined of what no run makes. */
export const kindOf = (id: string): AzureKind | undefined => typeOf(id)?.kind;

/** Value of a tag, whose name Azure compares without regard to case. */
export const tagOf = (tags: Tags, tag: string): string | undefined =>
  Object.entries(tags ?? {}).find(([name]) => isSameName(name, tag))?.[1];

/** Whose tags a thing must carry: an id of a run says nothing of whose deployment it is. */
type Run = Pick<RunIdentity, 'runId' | 'deploymentId'>;

const isOfRun = (tags: Tags, { runId, deploymentId }: Run): boolean =>
  tagOf(tags, RUN_TAG) === runId && tagOf(tags, DEPLOYMENT_TAG) === deploymentId;

const groupOf = ({ builderConfiguration: builder }: AzureSnapshot, runId: string): string =>
  builder.settings.buildResourceGroupName ?? temporaryGroupName(runId);

const idIn = (session: Session, resourceGroup: string, type: string, name: string): string =>
  resourceIdOf({ subscriptionId: session.subscriptionId, resourceGroup, type, names: [name] });

const groupId = ({ subscriptionId }: Session, name: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${name}`;

/** The address that the VM is reached at, as far as Azure tells. */
const addressOf = async (session: Session, interfaceId: string): Promise<string | undefined> => {
  const { resourceGroup, names } = parseResourceId(interfaceId) ?? { resourceGroup: '', names: [] };
  const network = await session.network();
  const card = await ifThere(network.networkInterfaces.get(resourceGroup, names[0] ?? ''));
  const [configuration] = card?.ipConfigurations ?? [];
  const publicId = parseResourceId(configuration?.publicIPAddress?.id ?? '');
  if (publicId === undefined) return configuration?.privateIPAddress;
  const found = await ifThere(network.publicIPAddresses.get(publicId.resourceGroup, publicId.names[0] ?? ''));
  return found?.ipAddress ?? configuration?.privateIPAddress;
};

/** The VM of the run, if it is there and carries the run's tag. */
export const describeBuildVm = async (
  session: Session,
  { snapshot, run }: Access,
): Promise<BuildVm | undefined> => {
  const { runId } = run;
  const group = groupOf(snapshot, runId);
  const vm = await ifThere(session.compute().virtualMachines.get(group, vmName(runId)));
  if (vm === undefined || !isOfRun(vm.tags, run)) return undefined;
  const interfaceId = vm.networkProfile?.networkInterfaces?.[0]?.id;
  const address = interfaceId === undefined ? undefined : await addressOf(session, interfaceId);
  return {
    kind: kinds.vm,
    locator: vm.id ?? idIn(session, group, VIRTUAL_MACHINE, vmName(runId)),
    region: vm.location,
    ...(address === undefined ? {} : { address }),
    user: azureLogin(snapshot).username,
  };
};

const findGroup = async (session: Session, run: Run): Promise<FoundLeftover[]> => {
  const name = temporaryGroupName(run.runId);
  const group = await ifThere(session.resources().resourceGroups.get(name));
  const isOwn = group !== undefined && isOfRun(group.tags, run);
  return isOwn ? [{ kind: kinds.resourceGroup, locator: groupId(session, name) }] : [];
};

/** Everything in the subscription with the run's tags; what is in the temporary group goes with it. */
const findTagged = async (session: Session, run: Run): Promise<string[]> => {
  const found: string[] = [];
  const filter = `tagName eq '${RUN_TAG}' and tagValue eq '${run.runId}'`;
  for await (const { id = '', tags } of session.resources().resources.list({ filter }))
    if (isOfRun(tags, run)) found.push(id);
  const temporary = temporaryGroupName(run.runId);
  return found.filter((id) => !isSameName(parseResourceId(id)?.resourceGroup ?? '', temporary));
};

const findUntagged = async (session: Session, { snapshot, run }: Access): Promise<string[]> => {
  const { buildResourceGroupName: group } = snapshot.builderConfiguration.settings;
  const found = group === undefined ? [] : await findNamed(session, group, [run.runId]);
  return found.map(({ id }) => id);
};

/** The version that the run would have made: it may be in a subscription that the list above is not of. */
const findVersion = async (session: Session, { snapshot, run }: Access): Promise<string[]> => {
  const { builderConfiguration: builder } = snapshot;
  if (builder.builderType !== 'azure-gallery') return [];
  const { subscription, resourceGroup, galleryName } = builder.settings.sharedImageGalleryDestination;
  const subscriptionId = subscription ?? session.subscriptionId;
  const names = [galleryName, finalName(snapshot, run), galleryVersion(run.number)] as const;
  const version = await ifThere(
    session.compute(subscriptionId).galleryImageVersions.get(resourceGroup, ...names),
  );
  if (!isOfRun(version?.tags, run)) return [];
  return [resourceIdOf({ subscriptionId, resourceGroup, type: GALLERY_VERSION, names: [...names] })];
};

/**
 * What a run left behind, in the order in which it can be deleted. What the runner reported is not needed: all names
 * come from the run's id, and only what carries its tags is taken; disks and deployments have none and are taken by name.
 */
export const findLeftovers = async (session: Session, access: Access): Promise<FoundLeftover[]> => {
  const { run } = access;
  const [groups, ...others] = await Promise.all([
    findGroup(session, run),
    findTagged(session, run),
    findUntagged(session, access),
    findVersion(session, access),
  ]);
  const ids = [...new Map(others.flat().map((id) => [id.toLowerCase(), id])).values()];
  const resources = types.flatMap(({ kind, type }) =>
    ids
      .filter((id) => isSameName(parseResourceId(id)?.type ?? '', type))
      .map((locator) => ({ kind, locator })),
  );
  return [...groups, ...resources];
};

const foreign = ({ kind, locator }: FoundLeftover): never => {
  throw new PlatformError('unclassified', `${kind} ${locator} is nothing of this run, so it is not deleted.`);
};

const removeGroup = async (session: Session, leftover: FoundLeftover, run: Run): Promise<void> => {
  const name = temporaryGroupName(run.runId);
  if (!isSameName(leftover.locator.split('/').at(-1) ?? '', name)) foreign(leftover);
  const { resourceGroups } = session.resources();
  const group = await ifThere(resourceGroups.get(name));
  if (group === undefined) return;
  if (!isOfRun(group.tags, run)) foreign(leftover);
  await resourceGroups.delete(name, session.polling);
};

const isNamedByRun = (kind: AzureKind, name: string, { runId }: Run): boolean =>
  (kind === kinds.disk && isDiskOfRun(name, runId)) ||
  (kind === kinds.deployment && isDeploymentOfRun(name, runId));

const removeResource = async (session: Session, leftover: FoundLeftover, run: Run): Promise<void> => {
  const { locator } = leftover;
  const parts = parseResourceId(locator);
  const known = typeOf(locator);
  if (parts === undefined || known?.kind !== leftover.kind) return foreign(leftover);
  const { resources } = session.resources(parts.subscriptionId);
  const id = locator.slice(1);
  const resource = await ifThere(resources.getById(id, known.apiVersion));
  if (resource === undefined) return;
  const isNamed = isNamedByRun(known.kind, parts.names[0] ?? '', run);
  if (!isNamed && !isOfRun(resource.tags, run)) foreign(leftover);
  await resources.deleteById(id, known.apiVersion, session.polling);
};

/** Deletes one leftover of the run and waits until it is gone; what is gone already is fine, what is another's is refused. */
export const removeLeftover = async (session: Session, leftover: FoundLeftover, run: Run): Promise<void> => {
  try {
    await (leftover.kind === kinds.resourceGroup
      ? removeGroup(session, leftover, run)
      : removeResource(session, leftover, run));
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};
