import { basesOf, layersOf } from '../../../../shared/actions/read-layers.ts';
import type * as z from 'zod';
import { readRole } from '../../../../shared/actions/read-role-tree.ts';
import { builderConfigurationStored } from '../../../../shared/contracts/entities/builder-configuration.ts';
import {
  type ImageDefinition,
  imageDefinitionInput,
  imageDefinitionSchema,
  imageDefinitionStored,
} from '../../../../shared/contracts/entities/image-definition.ts';
import { operatingSystemSchema } from '../../../../shared/contracts/entities/operating-system.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { connectorOf, misfits } from '../../../../shared/domain/definition/fit.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { imageVersionStore } from '../../../../shared/store/image-version-store.ts';
import { runStore } from '../../../../shared/store/run-store.ts';
import type { Item } from '../../../../shared/store/table.ts';
import type { Write } from '../../../../shared/store/write.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import type { EntityContext, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { definitionWarnings } from './definition-warnings.ts';
import { layerFault } from './layers.ts';

type Input = z.output<typeof imageDefinitionInput>;

const references = (input: Input) => [
  { pointer: '/operatingSystemId', kind: 'operating-system' as const, id: input.operatingSystemId },
  {
    pointer: '/builderConfigurationId',
    kind: 'builder-configuration' as const,
    id: input.builderConfigurationId,
  },
  { pointer: '/provisionerRoleId', kind: 'provisioner-role' as const, id: input.provisionerRoleId },
  ...(input.connectorId === undefined
    ? []
    : [{ pointer: '/connectorId', kind: 'connector' as const, id: input.connectorId }]),
];

const partsOf = (definition: Input | ImageDefinition, items: Map<string, Item>) => {
  const operatingSystem = operatingSystemSchema.safeParse(items.get(definition.operatingSystemId)).data;
  const builder = builderConfigurationStored.safeParse(items.get(definition.builderConfigurationId)).data;
  return { definition, operatingSystem, builder };
};

/** What each rule is about: a change that touches nothing of it is not refused by it, but warned. */
const subjects: Record<string, readonly (keyof Input)[]> = {
  '/platform': ['platform', 'builderConfigurationId'],
  '/operatingSystemId': ['operatingSystemId', 'builderConfigurationId'],
  '/builderConfigurationId': ['operatingSystemId', 'builderConfigurationId'],
  '/name': ['name', 'builderConfigurationId'],
};

const rules = async (input: Input, referred: Map<string, Item>, context: EntityContext, current?: Item) => {
  const isTouched = (pointer: string): boolean =>
    current === undefined || (subjects[pointer] ?? []).some((field) => input[field] !== current[field]);
  if (!Object.keys(subjects).some(isTouched)) return [];
  const parts = partsOf(input, referred);
  const layers = await layersOf(parts.operatingSystem, context);
  const wrong = [...misfits({ ...parts, layers }), ...(await circles(input, parts, context, current))];
  return wrong.filter(({ pointer }) => isTouched(pointer));
};

/** An image must not be built on itself, through however many others. */
const circles = async (
  input: Input,
  { operatingSystem }: ReturnType<typeof partsOf>,
  context: EntityContext,
  current: Item | undefined,
): Promise<FieldError[]> => {
  if (current?.['operatingSystemId'] === input.operatingSystemId) return [];
  const id = current === undefined ? undefined : String(current['id']);
  const fault = await layerFault(context, basesOf(operatingSystem?.images ?? []), id);
  return fault === undefined ? [] : [{ pointer: '/operatingSystemId', ...fault }];
};

const latestOf = (run: StoredRun | undefined) => ({
  status: run?.status ?? 'NoRuns',
  latestRun:
    run === undefined
      ? undefined
      : {
          id: run.id,
          number: run.number,
          status: run.status,
          startedAt: run.startedAt,
          endedAt: run.endedAt,
        },
});

const latestVersion = async (context: EntityContext, definitionId: string) => {
  const version = await imageVersionStore(context.table, context.scope).latestUsable(definitionId);
  return version && { id: version.id, number: version.number, name: version.name };
};

/** One definition with its state, the names of its parts and its warnings. */
const present = async (item: Item, context: EntityContext) => {
  const definition = imageDefinitionStored.parse(item);
  const { table, scope } = context;
  const [found, role, run, latestImageVersion] = await Promise.all([
    entityStore(table, scope).getAll(references(definition)),
    readRole(table, scope, definition.provisionerRoleId),
    runStore(table, scope).latest(definition.id),
    latestVersion(context, definition.id),
  ]);
  const parts = partsOf(definition, new Map(found.map((one) => [String(one['id']), one])));
  const connectorId = connectorOf(definition, parts.builder);
  return imageDefinitionSchema.parse({
    ...definition,
    ...latestOf(run),
    latestImageVersion,
    operatingSystemName: parts.operatingSystem?.name,
    builderConfigurationName: parts.builder?.name,
    provisionerRoleName: role?.role.name,
    warnings: await definitionWarnings(
      context,
      { ...parts, id: definition.id, connectorId },
      role?.items ?? [],
    ),
  });
};

/** A page of definitions with their states: one read for the latest runs, one a definition for its latest version. */
const presentAll = async (items: Item[], context: EntityContext) => {
  const definitions = items.map((item) => imageDefinitionStored.parse(item));
  const ids = definitions.map(({ id }) => id);
  const latest = await runStore(context.table, context.scope).latestOf(ids);
  return Promise.all(
    definitions.map(async (definition) =>
      imageDefinitionSchema.parse({
        ...definition,
        ...latestOf(latest.get(definition.id)),
        latestImageVersion: await latestVersion(context, definition.id),
      }),
    ),
  );
};

/** `?status=` and `?platform=`: one read of these definitions' latest runs, one of their builder configurations. */
const select = async (
  items: Item[],
  query: Record<string, unknown>,
  context: EntityContext,
): Promise<Item[]> => {
  const { status, platform } = query;
  const { table, scope } = context;
  const definitions = items.map((item) => imageDefinitionStored.parse(item));
  const latest =
    status === undefined ? undefined : await runStore(table, scope).latestOf(definitions.map(({ id }) => id));
  const builders =
    platform === undefined
      ? []
      : await entityStore(table, scope).getAll(
          definitions.map((one) => ({ kind: 'builder-configuration', id: one.builderConfigurationId })),
        );
  const fitting = new Set(builders.filter((one) => one['platform'] === platform).map((one) => one['id']));
  return items.filter(
    (item) =>
      (latest === undefined || latestOf(latest.get(String(item['id']))).status === status) &&
      (platform === undefined || fitting.has(item['builderConfigurationId'])),
  );
};

/** A definition stays while one of its runs is active; images, versions, runs and logs stay in any case (S15 to S17). */
const withDelete = async (item: Item, { table, scope }: EntityContext): Promise<Write[]> => {
  const writes = await runStore(table, scope).releaseDefinition(String(item['id']));
  if (writes === undefined) throw new ApiProblem('still-active', 'Stop its run or wait until it ends.');
  return writes;
};

/** Operating system + builder configuration + role: what a run builds. */
export const imageDefinition: EntityModule<Input> = {
  kind: 'image-definition',
  input: imageDefinitionInput,
  references,
  rules,
  select,
  present,
  presentAll,
  withDelete,
};
