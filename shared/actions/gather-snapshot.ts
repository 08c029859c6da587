import { builderConfigurationStored } from '../contracts/entities/builder-configuration.ts';
import { connectionStored } from '../contracts/entities/connection.ts';
import { imageDefinitionStored } from '../contracts/entities/image-definition.ts';
import { operatingSystemSchema } from '../contracts/entities/operating-system.ts';
import type { ProvisionerStored } from '../contracts/entities/provisioner.ts';
import type { FieldError } from '../contracts/problem.ts';
import type { RunSnapshot, SnapshotLayer, SnapshotStep } from '../contracts/snapshot.ts';
import { chosenImage } from '../domain/definition/base-image.ts';
import { mergeVariables } from '../domain/definition/environment.ts';
import { fileUses, unusableFiles } from '../domain/definition/files.ts';
import { noRunner, type RunParts, unfitParts } from '../domain/definition/runnable.ts';
import { MAX_STEPS, tooManySteps } from '../domain/definition/steps.ts';
import { withGeneralise } from '../platforms/generalise.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Item } from '../store/table.ts';
import { readFiles } from './read-files.ts';
import { type Asking, layersOf, readLayer } from './read-layers.ts';
import { type RoleItem, type RolePlace, readRole, withProvisioners } from './read-role-tree.ts';
import { pinnedStep, snapshotFiles } from './snapshot-files.ts';

/** What a run of a definition would use, and everything that is in its way. */
export type Gathered = {
  /** Why there is no template for it; without any there is a snapshot. */
  obstacles: FieldError[];
  /** Why nothing could execute it now. */
  waits: FieldError[];
  snapshot?: RunSnapshot;
};

const gone = (pointer: string, what: string): FieldError => ({
  pointer,
  code: 'missing-reference',
  detail: `its ${what} is gone`,
});

const ownVariables = (step: ProvisionerStored): Record<string, string> =>
  'environment' in step ? (step.environment ?? {}) : {};

/** Places of a role as steps; the definition's variables win over a group item's, those over the provisioner's. */
const stepsOf = (
  places: RolePlace<ProvisionerStored>[],
  variables: Record<string, string> = {},
): SnapshotStep[] =>
  places.map(({ groupId, groupName, provisioner, environment }, at) => ({
    index: at + 1,
    groupId,
    groupName,
    provisioner,
    environment: mergeVariables(provisioner.osFamily, ownVariables(provisioner), environment, variables),
  }));

type Found = RunParts & { role: { id: string; name: string }; items: RoleItem[] };

/** What a definition refers to, or what is gone of it: four reads and those of the role. */
const readParts = async (asking: Asking, item: Item): Promise<Found | { missing: FieldError[] }> => {
  const { table, scope } = asking;
  const entities = entityStore(table, scope);
  const definition = imageDefinitionStored.parse(item);
  const [osItem, builderItem, found] = await Promise.all([
    entities.get('operating-system', definition.operatingSystemId),
    entities.get('builder-configuration', definition.builderConfigurationId),
    readRole(table, scope, definition.provisionerRoleId),
  ]);
  const operatingSystem = operatingSystemSchema.optional().parse(osItem);
  const builder = builderConfigurationStored.optional().parse(builderItem);
  const [connectionItem, layers] = await Promise.all([
    builder && entities.get('connection', builder.connectionId),
    layersOf(operatingSystem, asking),
  ]);
  const connection = connectionStored.optional().parse(connectionItem);
  if (operatingSystem && builder && connection && found)
    return { definition, operatingSystem, builder, connection, layers, ...found };
  const missing = [
    ...(operatingSystem ? [] : [gone('/operatingSystemId', 'operating system')]),
    ...(builder ? [] : [gone('/builderConfigurationId', 'builder configuration')]),
    ...(builder && !connection ? [gone('/builderConfigurationId', "builder's connection")] : []),
    ...(found ? [] : [gone('/provisionerRoleId', 'provisioner role')]),
  ];
  return { missing };
};

/**
 * All that a run of this definition would use, as it is now: about seven reads. Undefined: there is no such definition.
 */
export const gatherSnapshot = async (asking: Asking, definitionId: string): Promise<Gathered | undefined> => {
  const item = await entityStore(asking.table, asking.scope).get('image-definition', definitionId);
  if (item === undefined) return undefined;
  const parts = await readParts(asking, item);
  if ('missing' in parts) return { obstacles: parts.missing, waits: [] };
  const items = parts.items.filter(({ enabled }) => enabled);
  // Too many are not even read: they could be more than a function's memory.
  const places = items.length > MAX_STEPS ? [] : await withProvisioners(asking.table, asking.scope, items);
  const [based, filed] = await Promise.all([onLayer(asking, parts), withFiles(asking, parts, places)]);
  const { obstacles: unfit, ...layer } = based;
  const { obstacles: unusable, ...used } = filed;
  const tooMany = tooManySteps(items.length, '/provisionerRoleId');
  const obstacles = [...unfitParts(parts), ...unfit, ...unusable, ...tooMany];
  const waits = noRunner(parts);
  if (obstacles.length > 0) return { obstacles, waits };
  return { obstacles, waits, snapshot: assemble(asking, parts, { ...used, ...layer }) };
};

const assemble = (
  { scope }: Asking,
  { definition, operatingSystem, builder, connection, role }: Found,
  used: Pick<RunSnapshot, 'files' | 'steps'> & { layer?: SnapshotLayer },
): RunSnapshot =>
  withGeneralise({
    schemaVersion: 1,
    workspaceId: scope.workspaceId,
    definition,
    operatingSystem,
    builderConfiguration: builder,
    connection,
    role: { id: role.id, name: role.name },
    ...used,
  });

/** The image version that the run starts from, where its operating system says another definition's image. */
const onLayer = async (
  asking: Asking,
  parts: RunParts,
): Promise<{ obstacles: FieldError[]; layer?: SnapshotLayer }> => {
  const image = chosenImage(parts);
  if (image?.type !== 'image-definition') return { obstacles: [] };
  const layer = await readLayer(asking, image.imageDefinitionId);
  if (layer !== undefined) return { obstacles: [], layer };
  const detail = `${parts.operatingSystem.name} is the image of another definition, which has no usable version yet`;
  return { obstacles: [{ pointer: '/operatingSystemId', code: 'no-base-image', detail }] };
};

/** The steps, each with the version of the file it uses, and these files. */
const withFiles = async (asking: Asking, parts: RunParts, places: RolePlace<ProvisionerStored>[]) => {
  const uses = fileUses({
    ...parts,
    steps: places.map(({ provisioner }) => ({ resourceId: undefined, ...provisioner })),
  });
  const files = await readFiles(asking.table, asking.scope, uses);
  const steps = stepsOf(places, parts.definition.variables).map((step) => pinnedStep(step, files));
  const obstacles = [...unusableFiles(uses, files), ...(isTooMuch(steps) ? [TOO_MUCH] : [])];
  return { obstacles, steps, files: snapshotFiles(uses, files) };
};

/** A snapshot is read into the memory of a function, and its template is an answer of the API, which has 6 MB. */
const MAX_STEPS_BYTES = 4_000_000;
const isTooMuch = (steps: SnapshotStep[]): boolean =>
  Buffer.byteLength(JSON.stringify(steps)) > MAX_STEPS_BYTES;
const TOO_MUCH: FieldError = {
  pointer: '/provisionerRoleId',
  code: 'too-many-steps',
  detail: `the steps of a run have at most ${MAX_STEPS_BYTES / 1_000_000} MB of scripts`,
};
