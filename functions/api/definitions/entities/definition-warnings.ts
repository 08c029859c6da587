import { basesOf, layersOf } from '../../../../shared/actions/read-layers.ts';
import * as z from 'zod';
import { readFiles } from '../../../../shared/actions/read-files.ts';
import {
  type ProvisionerOutline,
  type RoleItem,
  withOutlines,
} from '../../../../shared/actions/read-role-tree.ts';
import type { Warning } from '../../../../shared/contracts/entities/image-definition.ts';
import { fileUses, unusableFiles } from '../../../../shared/domain/definition/files.ts';
import type { Parts } from '../../../../shared/domain/definition/fit.ts';
import {
  looksGeneralising,
  mustGeneralise,
  type WarnedStep,
  warningsOf,
} from '../../../../shared/domain/definition/warnings.ts';
import type { EntityContext } from '../../../../shared/runtime/entities/module.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { layerFault } from './layers.ts';

const scriptSchema = z.object({ id: z.string(), script: z.string().optional() });
/** Scripts read at a time while one is looked for: 2 MB at most. */
const SCRIPTS = 10;

/** What is warned of a definition; the texts of its steps are read only where they matter. */
export const definitionWarnings = async (
  context: EntityContext,
  parts: Parts & { id: string; connectorId?: string | undefined },
  items: RoleItem[],
): Promise<Warning[]> => {
  const { table, scope } = context;
  const [layers, circle, places] = await Promise.all([
    layersOf(parts.operatingSystem, context),
    // Refused when it is saved; two who save at the same moment can still close one.
    layerFault(context, basesOf(parts.operatingSystem?.images ?? []), parts.id),
    withOutlines(
      table,
      scope,
      items.filter((item) => item.enabled),
    ),
  ]);
  const steps = places.map((place) => place.provisioner);
  const uses = fileUses({ ...parts, layers, steps });
  const [read, files] = await Promise.all([
    mustGeneralise(parts) ? withGeneralising(context, steps) : steps,
    readFiles(table, scope, uses),
  ]);
  const faults = [
    ...(circle === undefined ? [] : [{ pointer: '/operatingSystemId', ...circle }]),
    ...unusableFiles(uses, files),
  ];
  return warningsOf({ ...parts, layers, steps: read, faults });
};

/** The steps, with the text of one that generalises where no name says so. Generalising comes last, so the last first. */
const withGeneralising = async (
  { table, scope }: EntityContext,
  steps: ProvisionerOutline[],
): Promise<WarnedStep[]> => {
  if (steps.some(looksGeneralising)) return steps;
  const scripted = steps.filter(({ type }) => type === 'powershell' || type === 'windows-shell');
  const ids = [...new Set(scripted.map(({ id }) => id))].toReversed();
  for (let start = 0; start < ids.length; start += SCRIPTS) {
    const refs = ids.slice(start, start + SCRIPTS).map((id) => ({ kind: 'provisioner' as const, id }));
    const rows = await entityStore(table, scope).getAll(refs, ['id', 'script']);
    const texts = new Map(rows.map((row) => scriptSchema.parse(row)).map(({ id, script }) => [id, script]));
    const read = steps.map((step) => ({ ...step, script: texts.get(step.id) }));
    if (read.some(looksGeneralising)) return read;
  }
  return steps;
};
