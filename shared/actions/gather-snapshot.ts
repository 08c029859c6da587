import { builderConfigurationStored } from '../contracts/entities/builder-configuration.ts';
import { connectionStored } from '../contracts/entities/connection.ts';
import { imageDefinitionStored } from '../contracts/entities/image-definition.ts';
import { operatingSystemSchema } from '../contracts/entities/operating-system.ts';
import type { ProvisionerStored, RunnableStored } from '../contracts/entities/provisioner.ts';
import type { FieldError } from '../contracts/problem.ts';
import type { RunSnapshot, SnapshotStep } from '../contracts/snapshot.ts';
import { fileUses, unusableFiles } from '../domain/definition/files.ts';
import { type Runnable, runnable } from '../domain/definition/runnable.ts';
import { MAX_STEPS, tooManySteps } from '../domain/definition/steps.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Item, Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { readFiles } from './read-files.ts';
import { type RolePlace, readRole, withProvisioners } from './read-role-tree.ts';

export type Gathered = { snapshot: RunSnapshot } | { obstacles: FieldError[] } | undefined;

const gone = (pointer: string, what: string): FieldError => ({
  pointer,
  code: 'missing-reference',
  detail: `its ${what} is gone`,
});

const ownVariables = (step: RunnableStored): Record<string, string> =>
  step.type === 'file' ? {} : (step.environment ?? {});

/** Places of a role as steps; the definition's variables win over a group item's, those over the provisioner's. */
const stepsOf = (
  places: RolePlace<ProvisionerStored>[],
  provisioners: RunnableStored[],
  variables: Record<string, string> = {},
): SnapshotStep[] =>
  provisioners.flatMap((provisioner, at) => {
    const place = places[at];
    if (place === undefined) return [];
    const { groupId, groupName } = place;
    const environment = { ...ownVariables(provisioner), ...place.environment, ...variables };
    return [{ index: at + 1, groupId, groupName, provisioner, environment }];
  });

/** What a definition refers to, and what is gone of it: four reads and those of the role. */
const readParts = async (table: Table, scope: WorkspaceScope, item: Item) => {
  const entities = entityStore(table, scope);
  const definition = imageDefinitionStored.parse(item);
  const [osItem, builderItem, found] = await Promise.all([
    entities.get('operating-system', definition.operatingSystemId),
    entities.get('builder-configuration', definition.builderConfigurationId),
    readRole(table, scope, definition.provisionerRoleId),
  ]);
  const operatingSystem = operatingSystemSchema.optional().parse(osItem);
  const builder = builderConfigurationStored.optional().parse(builderItem);
  const connection = connectionStored
    .optional()
    .parse(builder && (await entities.get('connection', builder.connectionId)));
  if (operatingSystem && builder && connection && found)
    return { definition, operatingSystem, builder, connection, ...found };
  const missing = [
    ...(operatingSystem ? [] : [gone('/operatingSystemId', 'operating system')]),
    ...(builder ? [] : [gone('/builderConfigurationId', 'builder configuration')]),
    ...(builder && !connection ? [gone('/builderConfigurationId', "builder's connection")] : []),
    ...(found ? [] : [gone('/provisionerRoleId', 'provisioner role')]),
  ];
  return { missing };
};

/**
 * All that a run of this definition would use, as it is now: about six reads. Obstacles tell why it cannot start;
 * undefined: there is no such definition.
 */
export const gatherSnapshot = async (
  table: Table,
  scope: WorkspaceScope,
  definitionId: string,
): Promise<Gathered> => {
  const item = await entityStore(table, scope).get('image-definition', definitionId);
  if (item === undefined) return undefined;
  const parts = await readParts(table, scope, item);
  if (parts.missing !== undefined) return { obstacles: parts.missing };
  const items = parts.items.filter(({ enabled }) => enabled);
  // Too many are not even read: they could be more than a function's memory.
  const places = items.length > MAX_STEPS ? [] : await withProvisioners(table, scope, items);
  const judged = await judge(table, scope, parts, places);
  const obstacles = [...judged.obstacles, ...tooManySteps(items.length, '/provisionerRoleId')];
  if (judged.runnable === undefined || obstacles.length > 0) return { obstacles };
  const { definition, operatingSystem, role } = parts;
  const { builder, connection, provisioners } = judged.runnable;
  const steps = stepsOf(places, provisioners, definition.variables);
  if (isTooMuch(steps)) return { obstacles: [TOO_MUCH] };
  const used = { definition, operatingSystem, builderConfiguration: builder, connection, steps };
  const snapshot = { schemaVersion: 1 as const, workspaceId: scope.workspaceId, ...used };
  return { snapshot: { ...snapshot, role: { id: role.id, name: role.name } } };
};

type Gatherable = Extract<Awaited<ReturnType<typeof readParts>>, { missing?: undefined }>;

/** All that is in the way of a run, or what it would be made of. */
const judge = async (
  table: Table,
  scope: WorkspaceScope,
  parts: Gatherable,
  places: RolePlace<ProvisionerStored>[],
): Promise<{ obstacles: FieldError[]; runnable?: Runnable }> => {
  const provisioners = places.map(({ provisioner }) => provisioner);
  const judged = runnable({ ...parts, provisioners });
  const uses = fileUses({
    ...parts,
    steps: provisioners.map((step) => ({ resourceId: undefined, ...step })),
  });
  const files = unusableFiles(uses, await readFiles(table, scope, uses));
  return 'obstacles' in judged
    ? { obstacles: [...judged.obstacles, ...files] }
    : { obstacles: files, runnable: judged.runnable };
};

/** A snapshot is read into the memory of a function. */
const MAX_STEPS_BYTES = 10_000_000;
const isTooMuch = (steps: SnapshotStep[]): boolean =>
  Buffer.byteLength(JSON.stringify(steps)) > MAX_STEPS_BYTES;
const TOO_MUCH: FieldError = {
  pointer: '/provisionerRoleId',
  code: 'too-many-steps',
  detail: `the steps of a run have at most ${MAX_STEPS_BYTES / 1_000_000} MB of scripts`,
};
