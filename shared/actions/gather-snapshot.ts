import { builderConfigurationStored } from '../contracts/entities/builder-configuration.ts';
import { connectionStored } from '../contracts/entities/connection.ts';
import { imageDefinitionStored } from '../contracts/entities/image-definition.ts';
import { operatingSystemSchema } from '../contracts/entities/operating-system.ts';
import type { RunnableStored } from '../contracts/entities/provisioner.ts';
import type { FieldError } from '../contracts/problem.ts';
import type { RunSnapshot, SnapshotStep } from '../contracts/snapshot.ts';
import { runnable } from '../domain/definition/runnable.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Item, Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { type RolePlace, readRoleTree } from './read-role-tree.ts';

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
  places: RolePlace[],
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
  const [osItem, builderItem, tree] = await Promise.all([
    entities.get('operating-system', definition.operatingSystemId),
    entities.get('builder-configuration', definition.builderConfigurationId),
    readRoleTree(table, scope, definition.provisionerRoleId),
  ]);
  const operatingSystem = operatingSystemSchema.optional().parse(osItem);
  const builder = builderConfigurationStored.optional().parse(builderItem);
  const connection = connectionStored
    .optional()
    .parse(builder && (await entities.get('connection', builder.connectionId)));
  if (operatingSystem && builder && connection && tree)
    return { definition, operatingSystem, builder, connection, tree };
  const missing = [
    ...(operatingSystem ? [] : [gone('/operatingSystemId', 'operating system')]),
    ...(builder ? [] : [gone('/builderConfigurationId', 'builder configuration')]),
    ...(builder && !connection ? [gone('/builderConfigurationId', "builder's connection")] : []),
    ...(tree ? [] : [gone('/provisionerRoleId', 'provisioner role')]),
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
  const { definition, operatingSystem, tree } = parts;
  const places = tree.places.filter((place) => place.enabled);
  const judged = runnable({ ...parts, provisioners: places.map((place) => place.provisioner) });
  if ('obstacles' in judged) return judged;
  const { builder, connection, provisioners } = judged.runnable;
  const steps = stepsOf(places, provisioners, definition.variables);
  const obstacles = tooManySteps(steps);
  if (obstacles.length > 0) return { obstacles };
  const role = { id: tree.role.id, name: tree.role.name };
  const used = { definition, operatingSystem, builderConfiguration: builder, connection, role, steps };
  return { snapshot: { schemaVersion: 1, workspaceId: scope.workspaceId, ...used } };
};

/** A run's row holds its steps and has 400 KB; its snapshot is read into the memory of a function. */
const MAX_STEPS = 200;
const MAX_STEPS_BYTES = 10_000_000;

const tooManySteps = (steps: SnapshotStep[]): FieldError[] => {
  const isTooMuch = steps.length > MAX_STEPS || Buffer.byteLength(JSON.stringify(steps)) > MAX_STEPS_BYTES;
  const detail = `a run has at most ${MAX_STEPS} steps and ${MAX_STEPS_BYTES / 1_000_000} MB of scripts`;
  return isTooMuch ? [{ pointer: '/provisionerRoleId', code: 'too-many-steps', detail }] : [];
};
