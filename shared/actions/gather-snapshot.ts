import { builderConfigurationSchema } from '../contracts/entities/builder-configuration.ts';
import { connectionStored } from '../contracts/entities/connection.ts';
import { type ImageDefinition, imageDefinitionStored } from '../contracts/entities/image-definition.ts';
import { operatingSystemSchema } from '../contracts/entities/operating-system.ts';
import type { FieldError } from '../contracts/problem.ts';
import type { RunSnapshot, SnapshotStep } from '../contracts/snapshot.ts';
import { misfits } from '../domain/definition/fit.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { type RolePlace, readRoleTree } from './read-role-tree.ts';

export type Gathered = { snapshot: RunSnapshot } | { obstacles: FieldError[] } | undefined;

const gone = (pointer: string, what: string): FieldError => ({
  pointer,
  code: 'missing-reference',
  detail: `its ${what} is gone`,
});

/** The enabled places of a role as steps; the definition's variables win over a group item's, those over the provisioner's. */
const stepsOf = (places: RolePlace[], variables: Record<string, string> = {}): SnapshotStep[] =>
  places
    .filter((place) => place.enabled)
    .map(({ groupId, groupName, provisioner, environment }, at) => {
      const own = provisioner.type === 'file' ? {} : (provisioner.environment ?? {});
      return {
        index: at + 1,
        groupId,
        groupName,
        provisioner,
        environment: { ...own, ...environment, ...variables },
      };
    });

/**
 * All that a run of this definition would use, as it is now: about six reads. Obstacles tell why it cannot start;
 * undefined: there is no such definition.
 */
export const gatherSnapshot = async (
  table: Table,
  scope: WorkspaceScope,
  definitionId: string,
): Promise<Gathered> => {
  const entities = entityStore(table, scope);
  const item = await entities.get('image-definition', definitionId);
  if (item === undefined) return undefined;
  const definition = imageDefinitionStored.parse(item);
  const [osItem, builderItem, tree] = await Promise.all([
    entities.get('operating-system', definition.operatingSystemId),
    entities.get('builder-configuration', definition.builderConfigurationId),
    readRoleTree(table, scope, definition.provisionerRoleId),
  ]);
  const operatingSystem = operatingSystemSchema.optional().parse(osItem);
  const builderConfiguration = builderConfigurationSchema.optional().parse(builderItem);
  const connectionItem =
    builderConfiguration && (await entities.get('connection', builderConfiguration.connectionId));
  const connection = connectionStored.optional().parse(connectionItem);
  if (!operatingSystem || !builderConfiguration || !connection || !tree) {
    const missing = [
      ...(operatingSystem ? [] : [gone('/operatingSystemId', 'operating system')]),
      ...(builderConfiguration ? [] : [gone('/builderConfigurationId', 'builder configuration')]),
      ...(builderConfiguration && !connection
        ? [gone('/builderConfigurationId', "builder's connection")]
        : []),
      ...(tree ? [] : [gone('/provisionerRoleId', 'provisioner role')]),
    ];
    return { obstacles: missing };
  }
  const steps = stepsOf(tree.places, definition.variables);
  const obstacles = [
    ...misfits({ definition, operatingSystem, builder: builderConfiguration }),
    ...connectorNeeded(definition, builderConfiguration.network),
    ...tooManySteps(steps),
  ];
  if (obstacles.length > 0) return { obstacles };
  const role = { id: tree.role.id, name: tree.role.name };
  const { workspaceId } = scope;
  const parts = { definition, operatingSystem, builderConfiguration, connection, role, steps };
  return { snapshot: { schemaVersion: 1, workspaceId, ...parts } };
};

const connectorNeeded = (definition: ImageDefinition, network: 'public' | 'private'): FieldError[] =>
  network === 'private' && definition.connectorId === undefined
    ? [{ pointer: '/connectorId', code: 'connector-needed', detail: 'a private network needs a connector' }]
    : [];

/** A run's row holds its steps and has 400 KB; its snapshot is read into the memory of a function. */
const MAX_STEPS = 200;
const MAX_STEPS_BYTES = 10_000_000;

const tooManySteps = (steps: SnapshotStep[]): FieldError[] => {
  const isTooMuch = steps.length > MAX_STEPS || Buffer.byteLength(JSON.stringify(steps)) > MAX_STEPS_BYTES;
  const detail = `a run has at most ${MAX_STEPS} steps and ${MAX_STEPS_BYTES / 1_000_000} MB of scripts`;
  return isTooMuch ? [{ pointer: '/provisionerRoleId', code: 'too-many-steps', detail }] : [];
};
