import { isDeepStrictEqual } from 'node:util';
import {
  type ScheduleInput,
  type ScheduleRule,
  scheduleInput,
  scheduleSchema,
  scheduleStored,
} from '../../../../shared/contracts/entities/schedule.ts';
import { ruleErrors, toleranceErrors } from '../../../../shared/domain/schedule/check.ts';
import type { EntityContext, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { writableFields } from '../../../../shared/runtime/entities/writable.ts';
import { now } from '../../../../shared/runtime/ids.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import type { Item } from '../../../../shared/store/table.ts';

/** Which of these definitions there are, with their names; each is asked for once. */
const namesOf = async ({ table, scope }: EntityContext, ids: string[]): Promise<Map<string, string>> => {
  const refs = [...new Set(ids)].map((id) => ({ kind: 'image-definition' as const, id }));
  const found = await entityStore(table, scope).getAll(refs);
  return new Map(found.map((item) => [String(item['id']), String(item['name'])]));
};

const shown = (item: Item, names: Map<string, string>) => {
  const schedule = scheduleStored.parse(item);
  const imageDefinitions = schedule.imageDefinitionIds.flatMap((id) => {
    const name = names.get(id);
    return name === undefined ? [] : [{ id, name }];
  });
  const imageDefinitionIds = imageDefinitions.map(({ id }) => id);
  return scheduleSchema.parse({ ...schedule, imageDefinitionIds, imageDefinitions });
};

/** Schedules without the definitions that were deleted: one read for all of them, however many schedules. */
const presentAll = async (items: Item[], context: EntityContext) => {
  const ids = items.flatMap((item) => scheduleStored.parse(item).imageDefinitionIds);
  const names = await namesOf(context, ids);
  return items.map((item) => shown(item, names));
};

const present = async (item: Item, context: EntityContext) => {
  const { imageDefinitionIds } = scheduleStored.parse(item);
  return shown(item, await namesOf(context, imageDefinitionIds));
};

/** Without deleted definitions, so that they are in nobody's way when something else is changed. */
const editable = async (item: Item, context: EntityContext) => {
  const stored = scheduleStored.parse(item);
  const names = await namesOf(context, stored.imageDefinitionIds);
  const imageDefinitionIds = stored.imageDefinitionIds.filter((one) => names.has(one));
  return { ...writableFields(scheduleInput, stored), imageDefinitionIds };
};

const ruleOf = ({ frequency, startAt, endAt, timeZone }: ScheduleRule): ScheduleRule => ({
  frequency,
  startAt,
  endAt,
  timeZone,
});

/** A rule that has run out is no obstacle to changing the rest of its schedule. */
const rules = (input: ScheduleInput, _: Map<string, Item>, __: EntityContext, current?: Item) => {
  const stored = current === undefined ? undefined : ruleOf(scheduleStored.parse(current));
  const isSame = isDeepStrictEqual(stored, ruleOf(input));
  return [...(isSame ? [] : ruleErrors(input, now())), ...toleranceErrors(input)];
};

/** A time rule with any number of definitions. */
export const schedule: EntityModule<ScheduleInput> = {
  kind: 'schedule',
  input: scheduleInput,
  references: (input) =>
    input.imageDefinitionIds.map((id, place) => ({
      pointer: `/imageDefinitionIds/${place}`,
      kind: 'image-definition',
      id,
      weak: true,
    })),
  rules,
  present,
  presentAll,
  editable,
};
